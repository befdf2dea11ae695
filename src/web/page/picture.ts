/// <reference lib="dom" />
import { PageError } from "./start.ts";
import type * as wkd from "./wkd.ts";

/** Takes pictures off what a canvas draws. */
const canvas = document.createElement("canvas");
const context = canvas.getContext("2d", { willReadFrequently: true })!;

/** The pixels of what a canvas can draw; its transparency is not taken off, and what is all transparent is black. */
export function pixelsOf(
  source: CanvasImageSource,
  width: number,
  height: number,
): wkd.Pixels {
  canvas.width = width;
  canvas.height = height;
  context.drawImage(source, 0, 0);
  const { data: rgba } = context.getImageData(0, 0, width, height);
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4) {
    data[to++] = rgba[from];
    data[to++] = rgba[from + 1];
    data[to++] = rgba[from + 2];
  }
  return { data, width, height };
}

/**
 * Decodes a picture.
 *
 * @throws {PageError} where the browser cannot
 */
export async function readPicture(file: Blob & { name?: string }): Promise<wkd.Pixels> {
  const name = file.name || "The picture";
  try {
    const bitmap = await createImageBitmap(file, {
      premultiplyAlpha: "none",
      colorSpaceConversion: "none",
    });
    try {
      return pixelsOf(bitmap, bitmap.width, bitmap.height);
    } finally {
      bitmap.close();
    }
  } catch {
    throw new PageError(
      `${name} cannot be read as a picture; this browser shows PNG, JPEG, WebP and the like.`,
    );
  }
}

/** Draws pixels onto a canvas of their size. */
export function draw(target: HTMLCanvasElement, { data, width, height }: wkd.Pixels): void {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let from = 0, to = 0; from < data.length; to++) {
    rgba[to++] = data[from++];
    rgba[to++] = data[from++];
    rgba[to++] = data[from++];
  }
  target.width = width;
  target.height = height;
  target.getContext("2d")!.putImageData(new ImageData(rgba, width, height), 0, 0);
}

/** The files that were dropped or pasted. */
export function filesOf(transfer: DataTransfer | null): File[] {
  return transfer ? [...transfer.files] : [];
}

/** Lets files be dropped onto an element, which shows that it takes them. */
export function takeDrops(element: HTMLElement, take: (files: File[]) => void): void {
  element.addEventListener("dragover", () => element.classList.add("over"));
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    element.classList.remove("over");
    take(filesOf(event.dataTransfer));
  });
}
