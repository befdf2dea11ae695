import type { ImageDataset } from "../image_dataset.ts";
import type { KeyedRandom } from "../random.ts";

/** Where an image is cut from its padded self, and whether it is mirrored. */
export interface Augmentation {
  /** Rows the image moves up; negative is down. */
  readonly dy: number;
  /** Columns the image moves left; negative is right. */
  readonly dx: number;
  /** Whether columns are mirrored after the cut. */
  readonly flip: boolean;
}

/** The image as it is. */
export const NO_AUGMENTATION: Augmentation = { dy: 0, dx: 0, flip: false };

/** Pixels of zero padding on each side for the random crop: 4 from 32 x 32 on, as in mdistiller, else 2. */
export function cropPadding(size: number): number {
  return size < 32 ? 2 : 4;
}

/** A random crop with `padding` pixels on each side, then a mirror image one time in two. */
export function drawAugmentation(random: KeyedRandom, padding: number): Augmentation {
  const positions = 2 * padding + 1;
  const dy = random.below(positions) - padding;
  const dx = random.below(positions) - padding;
  return { dy, dx, flip: random.next() >= 2 ** 31 };
}

/**
 * Writes one image, augmented and normalised. As in torchvision the padding is black (byte 0) and is normalised too.
 *
 * @param target receives [channels, height, width] from `offset` on
 * @param position the image's place in the data set
 * @param table the data set's `normalisationTable()`
 */
export function writeImage(
  target: Float32Array,
  offset: number,
  dataset: ImageDataset,
  position: number,
  table: Float32Array,
  { dy, dx, flip }: Augmentation = NO_AUGMENTATION,
): void {
  const { images, channels, height, width } = dataset;
  const first = Math.max(0, -dx);
  const last = Math.min(width, width - dx);
  const step = flip ? -1 : 1;
  let source = position * channels * height * width;
  for (let channel = 0; channel < channels; channel++, source += height * width) {
    const base = channel * 256;
    for (let y = 0; y < height; y++, offset += width) {
      const row = y + dy;
      if (row < 0 || row >= height) {
        target.fill(table[base], offset, offset + width);
        continue;
      }
      if (last - first < width) target.fill(table[base], offset, offset + width);
      let to = offset + (flip ? width - 1 - first : first);
      const end = source + row * width + last + dx;
      for (let from = source + row * width + first + dx; from < end; from++, to += step) {
        target[to] = table[base + images[from]];
      }
    }
  }
}

/** Writes one image's bytes as {@linkcode writeImage} writes them normalised; the target starts with the image. */
export function writeImageBytes(
  target: Uint8Array,
  { images, channels, height, width }: ImageDataset,
  position: number,
  { dy, dx, flip }: Augmentation,
): void {
  const first = Math.max(0, -dx);
  const last = Math.min(width, width - dx);
  const step = flip ? -1 : 1;
  target.fill(0);
  const rows = channels * height;
  for (let y = 0, source = position * rows * width; y < rows; y++) {
    const row = y % height + dy;
    if (row < 0 || row >= height) continue;
    let to = y * width + (flip ? width - 1 - first : first);
    const start = source + (y + dy) * width + dx;
    for (let from = start + first; from < start + last; from++, to += step) {
      target[to] = images[from];
    }
  }
}
