import { blend, blendTable } from "./blend.ts";
import type { Canvas } from "./canvas.ts";

/**
 * The thirteenth part, rounded, of every sum of the filter's nine weighted bytes. No sum lies halfway between two, so
 * Pillow's sum of float32 products has the same.
 */
const smooth = Uint8Array.from({ length: 13 * 255 + 1 }, (_, sum) => Math.round(sum / 13));

/**
 * Blends with the smoothed image, 3 x 3 pixels of weight 1 and 5 in the middle; pixels of the edge stay as they are.
 * Source: Pillow's `ImageEnhance.Sharpness`.
 */
export function sharpness(canvas: Canvas, factor: number): void {
  const { data, spare, plane, height, width } = canvas;
  if (height < 3 || width < 3) return;
  const by = blendTable(factor);
  spare.set(data);
  for (let first = 0; first < data.length; first += plane) {
    for (let row = 1; row < height - 1; row++) {
      let i = first + row * width;
      let left = data[i - width] + data[i] + data[i + width];
      i++;
      let middle = data[i - width] + data[i] + data[i + width];
      for (const end = first + (row + 1) * width - 1; i < end; i++) {
        const right = data[i + 1 - width] + data[i + 1] + data[i + 1 + width];
        const byte = data[i];
        const from = smooth[left + middle + right + 4 * byte];
        spare[i] = blend(from, by[255 + byte - from]);
        left = middle;
        middle = right;
      }
    }
  }
  canvas.swap();
}
