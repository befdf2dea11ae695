import { blend, blendTable } from "./blend.ts";
import type { Canvas } from "./canvas.ts";
import { greySum } from "./color_ops.ts";

const table = new Uint8Array(256);
const counts = new Int32Array(256);

/** Replaces the bytes from `first` to `end` by what the table has for them. */
function replace(data: Uint8Array, first = 0, end = data.length): void {
  for (let i = first; i < end; i++) data[i] = table[data[i]];
}

/** How often each byte is in the plane that starts at `first`. */
function count({ data, plane }: Canvas, first: number): void {
  counts.fill(0);
  for (let i = first; i < first + plane; i++) counts[data[i]]++;
}

/** Moves every byte away from `from`, or towards it where the factor is less than 1. */
function enhance({ data }: Canvas, from: number, factor: number): void {
  const by = blendTable(factor);
  for (let i = 0; i < 256; i++) table[i] = blend(from, by[255 + i - from]);
  replace(data);
}

/** Blends with black. Source: Pillow's `ImageEnhance.Brightness`. */
export function brightness(canvas: Canvas, factor: number): void {
  enhance(canvas, 0, factor);
}

/** Blends with the mean grey, rounded. Source: Pillow's `ImageEnhance.Contrast`. */
export function contrast(canvas: Canvas, factor: number): void {
  enhance(canvas, Math.trunc(greySum(canvas) / canvas.plane + 0.5), factor);
}

/** Keeps the upper bits of each byte. Source: Pillow's `ImageOps.posterize`. */
export function posterize({ data }: Canvas, bits: number): void {
  const mask = 256 - 2 ** (8 - bits);
  for (let i = 0; i < data.length; i++) data[i] &= mask;
}

/** Inverts bytes from the threshold on. Source: Pillow's `ImageOps.solarize`. */
export function solarize({ data }: Canvas, threshold: number): void {
  for (let i = 0; i < 256; i++) table[i] = i < threshold ? i : 255 - i;
  replace(data);
}

/** Stretches each channel to all bytes from 0 to 255. Source: Pillow's `ImageOps.autocontrast`. */
export function autoContrast(canvas: Canvas): void {
  const { data, plane } = canvas;
  for (let first = 0; first < data.length; first += plane) {
    let low = 255;
    let high = 0;
    for (let i = first; i < first + plane; i++) {
      const byte = data[i];
      if (byte < low) low = byte;
      if (byte > high) high = byte;
    }
    if (high <= low) continue;
    const scale = 255 / (high - low);
    const offset = -low * scale;
    for (let i = low; i <= high; i++) table[i] = Math.trunc(i * scale + offset);
    replace(data, first, first + plane);
  }
}

/** Makes the bytes of each channel about as frequent. Source: Pillow's `ImageOps.equalize`. */
export function equalize(canvas: Canvas): void {
  const { data, plane } = canvas;
  for (let first = 0; first < data.length; first += plane) {
    count(canvas, first);
    let last = 255;
    while (counts[last] === 0) last--;
    // Where one byte is all there is, this is 0 too.
    const step = Math.trunc((plane - counts[last]) / 255);
    if (step === 0) continue;
    let sum = Math.trunc(step / 2);
    for (let i = 0; i < 256; i++) {
      table[i] = Math.min(255, Math.trunc(sum / step));
      sum += counts[i];
    }
    replace(data, first, first + plane);
  }
}
