import { Buffer } from "node:buffer";
import { fromFileUrl, join } from "@std/path";
import { encodePng } from "../../src/formats/tensorboard/png.ts";
import { CARD_FILE, type FolderCard } from "../../src/web/folder_card.ts";
import { cli, writeTeacher } from "../cli/helpers.ts";
import { values } from "../helpers.ts";
import type { PictureFile } from "./helpers.ts";

const TEACHER = fromFileUrl(
  new URL("../../checkpoints/fashion_mnist/resnet20.safetensors", import.meta.url),
);

/** A page's folder, and what is in it. */
export interface Exported {
  readonly folder: string;
  readonly card: FolderCard;
  /** The bytes of a file of the folder. */
  read(name: string): Uint8Array<ArrayBuffer>;
}

/** Exports an untrained resnet8 with the committed resnet20 as its teacher, by the command line. */
export async function exportedPage(parent: string): Promise<Exported> {
  const folder = join(parent, "page");
  const student = await writeTeacher(parent);
  const words = ["-c", student, "--teacher", TEACHER, "--to", "web", folder];
  const { status, stdout, stderr } = await cli("export", ...words);
  if (status !== 0) throw new Error(stdout + stderr);
  const read = (name: string) => Deno.readFileSync(join(folder, name));
  return { folder, read, card: JSON.parse(new TextDecoder().decode(read(CARD_FILE))) };
}

/** A picture of random blocks as a PNG file. */
export async function pngFile(name: string, width: number, height: number): Promise<PictureFile> {
  const cells = values(name, [64, 3], 127.5);
  const pixels = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const cell = 8 * Math.floor((Math.floor(i / width) * 8) / height) +
      Math.floor(((i % width) * 8) / width);
    for (let c = 0; c < 3; c++) pixels[3 * i + c] = 127.5 + cells[3 * cell + c];
  }
  const bytes = await encodePng(pixels, height, width);
  return { name: `${name}.png`, mimeType: "image/png", buffer: Buffer.from(bytes) };
}
