import { join } from "node:path";
import { isFolder, isThere } from "../../formats/paths.ts";
import { imageKind } from "../decode/formats/image_kind.ts";
import { imagesBelow } from "../images/list_images.ts";
import { expandGlob, isGlob } from "./glob.ts";

/** A picture that somebody wants to have classified. */
export interface Picture {
  /** Its file; `-` for standard input. */
  readonly path: string;
  /** Its bytes, where it is no file. */
  readonly bytes?: Uint8Array;
}

/** What was found, in the order of the words. */
interface FoundPictures {
  /** Files; whether they can be read shows when they are. */
  readonly pictures: readonly Picture[];
  /** Words that lead to no picture, and why. */
  readonly failures: readonly { readonly path: string; readonly reason: string }[];
}

/** The word for standard input. */
const STDIN = "-";

/**
 * The pictures that words name: files, folders with all pictures in them and below, patterns that no shell has replaced, and
 * `-` for standard input, which holds one picture or a list of such words, one a line (or ended by zero bytes, as
 * `find -print0` writes them).
 *
 * @param words as the program opens them
 * @param readStdin reads standard input to its end
 * @param toPath makes a path that the program opens of a word in that list
 */
export async function findPictures(
  words: readonly string[],
  readStdin: () => Promise<Uint8Array>,
  toPath: (word: string) => string = (word) => word,
): Promise<FoundPictures> {
  const pictures: Picture[] = [];
  const failures: { path: string; reason: string }[] = [];
  const take = (word: string) => {
    try {
      for (const path of filesOf(word)) pictures.push({ path });
    } catch (error) {
      failures.push({ path: word, reason: (error as Error).message });
    }
  };
  let isRead = false;
  for (const word of words) {
    if (word !== STDIN) {
      take(word);
      continue;
    }
    if (isRead) continue;
    isRead = true;
    const bytes = await readStdin();
    const list = listIn(bytes);
    if (list) { for (const each of list) take(toPath(each)); }
    else pictures.push({ path: STDIN, bytes });
  }
  return { pictures, failures };
}

/** The files that a word stands for; one that is not there stands for itself, and the decoder says so. */
function filesOf(word: string): string[] {
  const isPattern = !isThere(word) && isGlob(word);
  if (!isPattern && !isFolder(word)) return [word];
  const found = isPattern ? expandGlob(word) : [word];
  const files = found.flatMap((path) =>
    isFolder(path) ? imagesBelow(path, "").map((below) => join(path, below)) : [path]
  );
  if (files.length > 0) return files;
  throw new Error(
    !isPattern
      ? "there is no picture in the folder"
      : found.length === 0
      ? "nothing matches it"
      : "there is no picture in the folders that match it",
  );
}

/** The lines of a text, or null where bytes are something else, such as a picture. */
function listIn(bytes: Uint8Array): string[] | null {
  if (bytes.length === 0 || imageKind(bytes) === "PPM") return null;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
  // deno-lint-ignore no-control-regex -- what no list of names has
  if (/[\x01-\x08\x0b\x0c\x0e-\x1f]/.test(text)) return null;
  const lines = text.split(text.includes("\0") ? "\0" : /\r?\n/).filter((line) => line !== "");
  return lines.length > 0 ? lines : null;
}
