import type { Box, Pixels } from "../decode/pixels.ts";
import { type ResampleWeights, resampleWeights, WEIGHT_BITS } from "./resample_weights.ts";

const HALF = 1 << (WEIGHT_BITS - 1);

/** What {@linkcode Resampler.resize} makes of which part of an image. */
interface ResizeOptions {
  /** The part that is scaled, as if cut out before; default the whole image. */
  readonly box?: Box;
  /** Columns it is scaled to. */
  readonly width: number;
  /** Rows it is scaled to. */
  readonly height: number;
  /** The part of the scaled image that is wanted; default all of it. */
  readonly window?: Box;
}

/** Scales images bilinearly with antialiasing, to the same bytes as Pillow; its buffers are used again. */
export class Resampler {
  #rows = new Uint8Array(0);

  /**
   * Scales a part of an image.
   *
   * @returns the window, in memory of its own
   */
  resize(source: Pixels, options: ResizeOptions): Pixels {
    const { width, height } = options;
    const box = options.box ?? { left: 0, top: 0, width: source.width, height: source.height };
    const window = options.window ?? { left: 0, top: 0, width, height };
    const across = resampleWeights(box.width, width, window.left, window.width);
    const down = resampleWeights(box.height, height, window.top, window.height);
    const first = down.starts[0];
    const last = down.starts[window.height - 1] + down.counts[window.height - 1];
    const line = window.width * 3;
    if (this.#rows.length < (last - first) * line) {
      this.#rows = new Uint8Array((last - first) * line);
    }
    scaleRows(source, box, first, last, across, this.#rows);
    const data = new Uint8Array(window.height * line);
    scaleColumns(this.#rows, first, line, down, data);
    return { data, width: window.width, height: window.height };
  }
}

/** Scales rows `first` to `last` of the box to the columns that the weights describe. */
function scaleRows(
  { data, width }: Pixels,
  box: Box,
  first: number,
  last: number,
  { starts, counts, weights, taps }: ResampleWeights,
  target: Uint8Array,
): void {
  let to = 0;
  for (let row = first; row < last; row++) {
    const base = ((box.top + row) * width + box.left) * 3;
    for (let i = 0; i < starts.length; i++) {
      let from = base + starts[i] * 3;
      let k = i * taps;
      const end = k + counts[i];
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      // Three taps are the usual number where an image becomes smaller by less than half.
      if (end - k >= 3) {
        const [a, b, c] = [weights[k], weights[k + 1], weights[k + 2]];
        red += Math.imul(data[from], a) + Math.imul(data[from + 3], b) +
          Math.imul(data[from + 6], c);
        green += Math.imul(data[from + 1], a) + Math.imul(data[from + 4], b) +
          Math.imul(data[from + 7], c);
        blue += Math.imul(data[from + 2], a) + Math.imul(data[from + 5], b) +
          Math.imul(data[from + 8], c);
        k += 3;
        from += 9;
      }
      for (; k < end; k++, from += 3) {
        const weight = weights[k];
        red += Math.imul(data[from], weight);
        green += Math.imul(data[from + 1], weight);
        blue += Math.imul(data[from + 2], weight);
      }
      target[to] = clip(red >> WEIGHT_BITS);
      target[to + 1] = clip(green >> WEIGHT_BITS);
      target[to + 2] = clip(blue >> WEIGHT_BITS);
      to += 3;
    }
  }
}

/** Scales columns of lines of `line` bytes; the first line stands for row `first`. */
function scaleColumns(
  rows: Uint8Array,
  first: number,
  line: number,
  { starts, counts, weights, taps }: ResampleWeights,
  target: Uint8Array,
): void {
  for (let i = 0; i < starts.length; i++) {
    const base = (starts[i] - first) * line;
    const to = i * line;
    scaleLine(rows, base, line, weights.subarray(i * taps, i * taps + counts[i]), target, to);
  }
}

/** Makes one line of the lines from `base` on; most are made of two to four. */
function scaleLine(
  rows: Uint8Array,
  base: number,
  line: number,
  weights: Int32Array,
  target: Uint8Array,
  to: number,
): void {
  const [a, b, c, d] = weights;
  const end = base + line;
  const [second, third, fourth] = [line, 2 * line, 3 * line];
  switch (weights.length) {
    case 2:
      for (let at = base; at < end; at++, to++) {
        const sum = HALF + Math.imul(rows[at], a) + Math.imul(rows[at + second], b);
        target[to] = clip(sum >> WEIGHT_BITS);
      }
      return;
    case 3:
      for (let at = base; at < end; at++, to++) {
        const sum = HALF + Math.imul(rows[at], a) + Math.imul(rows[at + second], b) +
          Math.imul(rows[at + third], c);
        target[to] = clip(sum >> WEIGHT_BITS);
      }
      return;
    case 4:
      for (let at = base; at < end; at++, to++) {
        const sum = HALF + Math.imul(rows[at], a) + Math.imul(rows[at + second], b) +
          Math.imul(rows[at + third], c) + Math.imul(rows[at + fourth], d);
        target[to] = clip(sum >> WEIGHT_BITS);
      }
      return;
  }
  for (let at = base; at < end; at++, to++) {
    let sum = HALF;
    for (let k = 0, from = at; k < weights.length; k++, from += line) {
      sum += Math.imul(rows[from], weights[k]);
    }
    target[to] = clip(sum >> WEIGHT_BITS);
  }
}

function clip(value: number): number {
  return value > 255 ? 255 : value;
}
