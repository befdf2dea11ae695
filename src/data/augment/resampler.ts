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
      const end = i * taps + counts[i];
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let k = i * taps; k < end; k++, from += 3) {
        const weight = weights[k];
        red = (red + data[from] * weight) | 0;
        green = (green + data[from + 1] * weight) | 0;
        blue = (blue + data[from + 2] * weight) | 0;
      }
      target[to++] = clip(red >> WEIGHT_BITS);
      target[to++] = clip(green >> WEIGHT_BITS);
      target[to++] = clip(blue >> WEIGHT_BITS);
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
    const begin = i * taps;
    const end = begin + counts[i];
    const to = i * line;
    for (let x = 0; x < line; x++) {
      let sum = HALF;
      for (let k = begin, from = base + x; k < end; k++, from += line) {
        sum = (sum + rows[from] * weights[k]) | 0;
      }
      target[to + x] = clip(sum >> WEIGHT_BITS);
    }
  }
}

function clip(value: number): number {
  return value > 255 ? 255 : value;
}
