import type { DatasetInfo } from "../../data/image_dataset.ts";
import { encodePng } from "../../formats/tensorboard/png.ts";
import { viridis } from "../../logging/heat_map.ts";
import { toBase64 } from "../client/bytes.ts";

/** Longest side of a picture in a page, in pixels. */
const LARGEST = 96;
/** How much of the heat is seen over a picture. */
const HEAT = 0.55;

/** What of a data set a picture needs. */
type Look = Pick<DatasetInfo, "channels" | "height" | "width" | "mean" | "std">;

/** A picture as bytes. */
interface Pixels {
  /** [height, width, 3], red, green and blue. */
  readonly rgb: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/**
 * A normalised image as a PNG's data address, made smaller where it is large.
 *
 * @param image [channels, height, width]
 * @param heat [rows, columns] from 0 to 1, laid over it; default none
 */
export async function pictureAddress(
  image: Float32Array,
  look: Look,
  heat?: { readonly values: Float32Array; readonly rows: number; readonly columns: number },
): Promise<string> {
  const pixels = shrunk(pixelsOf(image, look));
  if (heat) blend(pixels, heat);
  const { rgb, height, width } = pixels;
  return `data:image/png;base64,${toBase64(await encodePng(rgb, height, width))}`;
}

/** The bytes that an image had before it was normalised; one of another number of channels than 1 or 3 as its first, grey. */
function pixelsOf(image: Float32Array, { channels, height, width, mean, std }: Look): Pixels {
  const plane = height * width;
  const rgb = new Uint8Array(3 * plane);
  for (let c = 0; c < 3; c++) {
    const from = channels === 3 ? c : 0;
    for (let i = 0; i < plane; i++) {
      const value = 255 * (image[from * plane + i] * std[from] + mean[from]);
      rgb[3 * i + c] = Math.round(Math.min(255, Math.max(0, value)));
    }
  }
  return { rgb, height, width };
}

/** The means of blocks of pixels. */
function shrunk(pixels: Pixels): Pixels {
  const { rgb, height, width } = pixels;
  const factor = Math.ceil(Math.max(height, width) / LARGEST);
  if (factor === 1) return pixels;
  const [rows, columns] = [Math.floor(height / factor), Math.floor(width / factor)];
  const small = new Uint8Array(3 * rows * columns);
  for (let i = 0; i < small.length; i++) {
    const [y, x, c] = [Math.floor(i / 3 / columns), Math.floor(i / 3) % columns, i % 3];
    let sum = 0;
    for (let dy = 0; dy < factor; dy++) {
      for (let dx = 0; dx < factor; dx++) {
        sum += rgb[3 * ((y * factor + dy) * width + x * factor + dx) + c];
      }
    }
    small[i] = Math.round(sum / factor ** 2);
  }
  return { rgb: small, height: rows, width: columns };
}

function blend(
  { rgb, height, width }: Pixels,
  { values, rows, columns }: { values: Float32Array; rows: number; columns: number },
): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = between(values, rows, columns, (y + 0.5) / height, (x + 0.5) / width);
      const colours = viridis(at);
      for (let c = 0; c < 3; c++) {
        const i = 3 * (y * width + x) + c;
        rgb[i] = Math.round((1 - HEAT) * rgb[i] + HEAT * colours[c]);
      }
    }
  }
}

/** The bilinear value of a grid at a place from 0 to 1. */
function between(
  values: Float32Array,
  rows: number,
  columns: number,
  y: number,
  x: number,
): number {
  const [row, column] = [y * rows - 0.5, x * columns - 0.5];
  const [top, left] = [Math.floor(row), Math.floor(column)];
  let sum = 0;
  for (const [dy, dx] of [[0, 0], [0, 1], [1, 0], [1, 1]]) {
    const i = Math.min(rows - 1, Math.max(0, top + dy));
    const j = Math.min(columns - 1, Math.max(0, left + dx));
    const share = (dy ? row - top : 1 - row + top) * (dx ? column - left : 1 - column + left);
    sum += share * values[i * columns + j];
  }
  return sum;
}
