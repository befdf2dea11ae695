import type { Box, Pixels } from "../../src/data/decode/pixels.ts";
import { fromFileUrl, join } from "@std/path";

interface Entry {
  width: number;
  height: number;
  pixels: string;
}

interface Fixture {
  decoded: (Entry & { name: string; file: string })[];
  patterns: Entry[];
  evaluated: (Entry & { resize: number; size: number })[];
  cropped: (Entry & { box: [number, number, number, number]; size: number })[];
}

/** Figures of Pillow, made by tests/fixtures/data/make_data_images.py. */
export const IMAGES: Fixture = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/data/data_images.json", import.meta.url)),
);

/** Bytes of a base64 text. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** The fixture's image of a size. */
export function pattern(width: number, height: number): Pixels {
  const found = IMAGES.patterns.find((each) => each.width === width && each.height === height)!;
  return { data: bytes(found.pixels), width, height };
}

/** A box from the fixture's list of left, top, width and height. */
export function boxOf([left, top, width, height]: readonly number[]): Box {
  return { left, top, width, height };
}

/** The encoded images of the fixture, by name. */
export const FILES: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map(
  IMAGES.decoded.map(({ name, file }) => [name, bytes(file)]),
);

/** Writes a folder of images: 2 training and 1 test image of each of three classes, of many kinds. */
export function writeImageFolder(root: string): void {
  const files = [...FILES.values()];
  for (const [label, name] of ["ant", "bee", "cat"].entries()) {
    for (const split of ["train", "val"]) {
      Deno.mkdirSync(join(root, split, name), { recursive: true });
    }
    Deno.writeFileSync(join(root, "train", name, "1.jpg"), files[label]);
    Deno.writeFileSync(join(root, "train", name, "2.JPEG"), files[label + 3]);
    Deno.writeFileSync(join(root, "val", name, "3.png"), files[label + 6]);
  }
}

/** Path of a file in tests/fixtures/data. */
export function fixturePath(name: string): string {
  return fromFileUrl(new URL(`../fixtures/data/${name}`, import.meta.url));
}
