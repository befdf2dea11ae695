import { UserError } from "../errors.ts";
import { shown } from "../formats/visible.ts";
import { type Dataset, type DatasetInfo, isFileDataset } from "./image_dataset.ts";

/** Positions of the images of each class, in order. */
function byClass(dataset: DatasetInfo): number[][] {
  const positions: number[][] = dataset.classes.map(() => []);
  for (let i = 0; i < dataset.length; i++) positions[dataset.labels[i]].push(i);
  return positions;
}

/**
 * Positions of the images of each class, where each has n and `spare` more.
 *
 * @throws {UserError} naming the smallest class, where it has not
 */
function checkCount(dataset: DatasetInfo, n: number, setting: string, spare: number): number[][] {
  const positions = byClass(dataset);
  const { label, count } = smallestOf(positions);
  const name = `class ${shown(dataset.classes[label])} in ${dataset.name}`;
  const most = count - spare;
  if (most < 1) {
    const has = count === 0 ? "no image" : "a single image, which is to train on";
    const off = setting.startsWith("--") ? "" : `, or leave ${setting} out`;
    throw new UserError(
      `${setting} takes images of every class, and ${name} has ${has}; give it more, remove the class${off}`,
    );
  }
  if (!Number.isInteger(n) || n < 1 || n > most) {
    const range = most === 1 ? "1" : `an integer from 1 to ${most}`;
    const less = spare ? ` less ${spare} to train on` : "";
    throw new UserError(
      `${setting} must be ${range}, the ${plural(count)} of ${name}${less}; got ${n}`,
    );
  }
  return positions;
}

function plural(images: number): string {
  return images === 1 ? "one image" : `${images} images`;
}

/** The first of the classes with the fewest images. */
function smallestOf(positions: readonly number[][]): { label: number; count: number } {
  const counts = positions.map(({ length }) => length);
  const label = counts.reduce((least, count, at) => count < counts[least] ? at : least, 0);
  return { label, count: counts[label] };
}

/** The images at some positions of a data set, in that order. */
export function pickImages<D extends Dataset>(
  dataset: D,
  positions: readonly number[],
  name: string = dataset.name,
): D {
  const labels = Int32Array.from(positions, (position) => dataset.labels[position]);
  const part = { ...dataset, name, labels, length: positions.length };
  const pickIds = (ids: Int32Array) => Int32Array.from(positions, (position) => ids[position]);
  if (isFileDataset(dataset)) return { ...part, ids: pickIds(dataset.ids) };
  const { files } = dataset;
  const size = dataset.channels * dataset.height * dataset.width;
  const images = new Uint8Array(positions.length * size);
  // Neighbours are copied together: most of a class or all of it are.
  for (let i = 0, end = 0; i < positions.length; i = end) {
    const first = positions[i];
    for (end = i + 1; positions[end] === first + end - i;) end++;
    images.set(dataset.images.subarray(first * size, (first + end - i) * size), i * size);
  }
  return { ...part, images, ...(files?.ids && { files: { ...files, ids: pickIds(files.ids) } }) };
}

function inOrder(positions: number[][]): number[] {
  return positions.flat().sort((a, b) => a - b);
}

/** Images of the smallest class. */
export function smallestClass(dataset: DatasetInfo): number {
  return smallestOf(byClass(dataset)).count;
}

/**
 * The first n images of each class, in the data set's order.
 *
 * @param setting what n was given as, for the error
 * @throws {UserError} where a class has fewer than n images
 */
export function subsetPerClass<D extends Dataset>(
  dataset: D,
  n: number,
  setting = "DATASET.SUBSET",
): D {
  const positions = checkCount(dataset, n, setting, 0);
  return pickImages(dataset, inOrder(positions.map((list) => list.slice(0, n))), dataset.name);
}

/** Images of each class that a share of them is: at least 1, and not all. */
export function shareOf(share: number, count: number): number {
  return Math.max(1, Math.min(count - 1, Math.round(share * count)));
}

/**
 * Splits off the last n images of each class as a validation set.
 *
 * @param n below 1 the share of each class that is split off
 * @throws {UserError} where a class would have no image left to train on
 */
export function holdOutPerClass<D extends Dataset>(
  dataset: D,
  n: number,
): { train: D; validation: D } {
  const isShare = n > 0 && n < 1;
  const positions = checkCount(dataset, isShare ? 1 : n, "DATASET.VALIDATION", 1);
  const held = (list: readonly number[]) => isShare ? shareOf(n, list.length) : n;
  const validation = dataset.name.replace(/\/[^/]*$/, "") + "/validation";
  return {
    train: pickImages(
      dataset,
      inOrder(positions.map((list) => list.slice(0, -held(list)))),
      dataset.name,
    ),
    validation: pickImages(
      dataset,
      inOrder(positions.map((list) => list.slice(-held(list)))),
      validation,
    ),
  };
}
