import { join } from "node:path";
import { isThere } from "../../formats/paths.ts";
import { foldersBelow, pythonOrder } from "../images/list_images.ts";

/** Whether a word has characters that a shell would replace by names. */
export function isGlob(word: string): boolean {
  return /[*?[{]/.test(word);
}

/**
 * The files and folders that a pattern stands for, as a shell finds them: `*`, `?`, `[a-z]`, `[!a]` and `{jpg,png}` in names,
 * `**` for any folders in between. What begins with a dot is found where the pattern has the dot. Sorted; none where a
 * folder on the way is not there.
 */
export function expandGlob(pattern: string): string[] {
  return [...new Set(braces(pattern).flatMap(expand))].sort(pythonOrder);
}

/** The patterns that `{a,b}` stands for. */
function braces(pattern: string): string[] {
  const [, before, list, after] = /^(.*?)\{([^{}]*,[^{}]*)\}(.*)$/s.exec(pattern) ?? [];
  if (before === undefined) return [pattern];
  return list.split(",").flatMap((each) => braces(before + each + after));
}

function expand(pattern: string): string[] {
  const [, root, rest] = /^((?:[a-z]:)?[\\/]*)(.*)$/is.exec(pattern)!;
  let found = [root];
  for (const part of rest.split(Deno.build.os === "windows" ? /[\\/]+/ : /\/+/)) {
    if (part !== "") found = found.flatMap((folder) => below(folder, part));
  }
  return found.filter((path) => path !== "");
}

function below(folder: string, part: string): string[] {
  if (part === "**") {
    return folders(folder).filter((path) => !/(^|[\\/])\./.test(path))
      .map((path) => join(folder, path));
  }
  if (!isGlob(part)) {
    const path = join(folder, part);
    return isThere(path) ? [path] : [];
  }
  const wanted = partPattern(part);
  return names(folder)
    .filter((name) => wanted.test(name) && (part.startsWith(".") || !name.startsWith(".")))
    .map((name) => join(folder, name));
}

/** The folder itself, as an empty path, and all below it; none where it cannot be read. */
function folders(folder: string): string[] {
  try {
    return [...foldersBelow(folder || ".", "")].map(({ path }) => path);
  } catch {
    return [];
  }
}

function names(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder || ".")].map(({ name }) => name);
  } catch {
    // What cannot be read has nothing that matches.
    return [];
  }
}

/** One name of a pattern as a regular expression; a bracket that is not closed stands for itself. */
function partPattern(part: string): RegExp {
  const tokens = part.match(/\[[!^]?\]?[^\]]*\]|[^]/g) ?? [];
  const source = tokens.map((token) => {
    if (token === "*") return ".*";
    if (token === "?") return ".";
    if (token.length > 1) {
      const [, not, members] = /^\[([!^]?)([^]*)\]$/.exec(token)!;
      return `[${not ? "^" : ""}${members.replace(/[\\\]^[]/g, "\\$&")}]`;
    }
    return token.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
  });
  try {
    return new RegExp(`^${source.join("")}$`, "s");
  } catch {
    // A range that runs backwards, such as [z-a], matches nothing.
    return /(?!)/;
  }
}
