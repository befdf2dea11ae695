import { type Dataset, isFileDataset } from "./file_dataset.ts";
import type { DatasetInfo } from "./image_dataset.ts";

/** Positions of the images of each class, in order. */
function byClass(dataset: DatasetInfo): number[][] {
  const positions: number[][] = dataset.classes.map(() => []);
  for (let i = 0; i < dataset.length; i++) positions[dataset.labels[i]].push(i);
  return positions;
}

function checkCount(dataset: DatasetInfo, n: number, setting: string, spare: number): number[][] {
  const positions = byClass(dataset);
  for (const [label, { length }] of positions.entries()) {
    if (!Number.isInteger(n) || n < 1 || n + spare > length) {
      throw new RangeError(
        `${setting} must be an integer from 1 to ${
          length - spare
        }, the ${length} images of class ` +
          `${dataset.classes[label]} in ${dataset.name}${spare ? ` less ${spare}` : ""}; got ${n}`,
      );
    }
  }
  return positions;
}

function pick<D extends Dataset>(dataset: D, positions: number[], name: string): D {
  const labels = Int32Array.from(positions, (position) => dataset.labels[position]);
  const part = { ...dataset, name, labels, length: positions.length };
  if (isFileDataset(dataset)) {
    return { ...part, ids: Int32Array.from(positions, (position) => dataset.ids[position]) };
  }
  const size = dataset.channels * dataset.height * dataset.width;
  const images = new Uint8Array(positions.length * size);
  for (const [i, position] of positions.entries()) {
    images.set(dataset.images.subarray(position * size, (position + 1) * size), i * size);
  }
  return { ...part, images };
}

function inOrder(positions: number[][]): number[] {
  return positions.flat().sort((a, b) => a - b);
}

/** Images of the smallest class. */
export function smallestClass(dataset: DatasetInfo): number {
  return Math.min(...byClass(dataset).map(({ length }) => length));
}

/**
 * The first n images of each class, in the data set's order.
 *
 * @param setting what n was given as, for the error
 * @throws {RangeError} where a class has fewer than n images
 */
export function subsetPerClass<D extends Dataset>(
  dataset: D,
  n: number,
  setting = "DATASET.SUBSET",
): D {
  const positions = checkCount(dataset, n, setting, 0);
  return pick(dataset, inOrder(positions.map((list) => list.slice(0, n))), dataset.name);
}

/**
 * Splits off the last n images of each class as a validation set.
 *
 * @throws {RangeError} where a class would have no image left to train on
 */
export function holdOutPerClass<D extends Dataset>(
  dataset: D,
  n: number,
): { train: D; validation: D } {
  const positions = checkCount(dataset, n, "DATASET.VALIDATION", 1);
  const validation = dataset.name.replace(/\/[^/]*$/, "") + "/validation";
  return {
    train: pick(dataset, inOrder(positions.map((list) => list.slice(0, -n))), dataset.name),
    validation: pick(dataset, inOrder(positions.map((list) => list.slice(-n))), validation),
  };
}
