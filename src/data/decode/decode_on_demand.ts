import type { Pixels } from "./pixels.ts";

/**
 * Decodes an image file (JPEG, PNG, WebP, TIFF, BMP, GIF or PPM, whatever its name says) as Pillow's `convert("RGB")` shows
 * it. The library that this takes is loaded at the first call; it wants `--allow-ffi` and `--allow-env`.
 *
 * @returns RGB, one byte a value, [height, width, 3]
 * @throws ImageError where it is damaged, cut short or no image
 */
export async function decodeImage(bytes: Uint8Array): Promise<Pixels> {
  return await (await import("./decode_image.ts")).decodeImage(bytes);
}
