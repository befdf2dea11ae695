import { checkOptions, type OptionNames } from "../options.ts";
import type { ImageDataset } from "./image_dataset.ts";

/** Images of a program of one's own. */
export interface ArrayDatasetOptions {
  /** Pixels 0 to 255, [N, channels, height, width] in row-major order. */
  images: Uint8Array;
  /** Class of each image, from 0; their number is N. */
  labels: Int32Array | readonly number[];
  /** Rows of an image. */
  height: number;
  /** Columns of an image. */
  width: number;
  /** Default 3. */
  channels?: number;
  /** Class names, or how many classes there are. Default: one more than the largest label. */
  classes?: number | readonly string[];
  /** Of each channel, in units of 255, to normalise by. Default: measured over the images. */
  mean?: readonly number[];
  /** The same. */
  std?: readonly number[];
  /** For messages. Default `images`. */
  name?: string;
}

const OPTIONS: OptionNames<ArrayDatasetOptions> = {
  ...{
    images: true,
    labels: true,
    height: true,
    width: true,
    channels: true,
    classes: true,
    mean: true,
    std: true,
    name: true,
  },
};

/**
 * A data set of images that are in memory, for `DataLoader`. Test images should have `mean` and `std` of the
 * training images.
 *
 * @throws RangeError when the numbers do not fit each other, TypeError for unknown options.
 */
export function arrayDataset(options: ArrayDatasetOptions): ImageDataset {
  checkOptions("arrayDataset()", options, OPTIONS);
  const { images, height, width, channels = 3, name = "images" } = options;
  const labels = Int32Array.from(options.labels);
  const size = channels * height * width;
  if (images.length !== labels.length * size) {
    throw new RangeError(
      `arrayDataset() of ${images.length} pixels: ${labels.length} labels of images ` +
        `[${channels}, ${height}, ${width}] want ${labels.length * size}`,
    );
  }
  const classes = classNames(options.classes ?? 1 + labels.reduce((a, b) => Math.max(a, b), 0));
  const wrong = labels.findIndex((label) => label < 0 || label >= classes.length);
  if (wrong >= 0) {
    throw new RangeError(
      `arrayDataset() with label ${labels[wrong]} of image ${wrong}: 0 to ${
        classes.length - 1
      } wanted`,
    );
  }
  const measured = options.mean && options.std
    ? null
    : statistics(images, channels, height * width);
  const { mean, std } = { ...measured, ...options } as Pick<ImageDataset, "mean" | "std">;
  return {
    name,
    images,
    labels,
    length: labels.length,
    channels,
    height,
    width,
    classes,
    mean,
    std,
  };
}

function classNames(classes: number | readonly string[]): readonly string[] {
  return typeof classes === "number"
    ? Array.from({ length: classes }, (_, i) => String(i))
    : classes;
}

/** Mean and standard deviation of each channel, in units of 255; a channel that is all alike is left as it is. */
function statistics(images: Uint8Array, channels: number, plane: number) {
  const counts = Array.from({ length: channels }, () => new Float64Array(256));
  for (let first = 0, c = 0; first < images.length; first += plane, c = (c + 1) % channels) {
    for (let i = first; i < first + plane; i++) counts[c][images[i]]++;
  }
  const each = images.length / channels;
  const mean = counts.map((of) => of.reduce((sum, n, value) => sum + n * value, 0) / each / 255);
  const std = counts.map((of, c) =>
    Math.sqrt(of.reduce((sum, n, value) => sum + n * (value / 255 - mean[c]) ** 2, 0) / each) || 1
  );
  return { mean, std };
}
