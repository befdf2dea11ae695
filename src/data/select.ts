import type { ImageDataset } from "./image_dataset.ts";

/** Positions of the images of each class, in order. */
function byClass(dataset: ImageDataset): number[][] {
  const positions: number[][] = dataset.classes.map(() => []);
  for (let i = 0; i < dataset.length; i++) positions[dataset.labels[i]].push(i);
  return positions;
}

function checkCount(dataset: ImageDataset, n: number, key: string, spare: number): number[][] {
  const positions = byClass(dataset);
  for (const [label, { length }] of positions.entries()) {
    if (!Number.isInteger(n) || n < 1 || n + spare > length) {
      throw new RangeError(
        `${key} must be an integer from 1 to ${length - spare}, the ${length} images of class ` +
          `${dataset.classes[label]} in ${dataset.name}${spare ? ` less ${spare}` : ""}; got ${n}`,
      );
    }
  }
  return positions;
}

function pick(dataset: ImageDataset, positions: number[], name: string): ImageDataset {
  const size = dataset.channels * dataset.height * dataset.width;
  const images = new Uint8Array(positions.length * size);
  const labels = new Int32Array(positions.length);
  for (const [i, position] of positions.entries()) {
    images.set(dataset.images.subarray(position * size, (position + 1) * size), i * size);
    labels[i] = dataset.labels[position];
  }
  return { ...dataset, name, images, labels, length: positions.length };
}

function inOrder(positions: number[][]): number[] {
  return positions.flat().sort((a, b) => a - b);
}

/**
 * The first n images of each class, in the data set's order.
 *
 * @throws {RangeError} where a class has fewer than n images
 */
export function subsetPerClass(dataset: ImageDataset, n: number): ImageDataset {
  const positions = checkCount(dataset, n, "DATASET.SUBSET", 0);
  return pick(dataset, inOrder(positions.map((list) => list.slice(0, n))), dataset.name);
}

/**
 * Splits off the last n images of each class as a validation set.
 *
 * @throws {RangeError} where a class would have no image left to train on
 */
export function holdOutPerClass(
  dataset: ImageDataset,
  n: number,
): { train: ImageDataset; validation: ImageDataset } {
  const positions = checkCount(dataset, n, "DATASET.VALIDATION", 1);
  const validation = dataset.name.replace(/\/[^/]*$/, "") + "/validation";
  return {
    train: pick(dataset, inOrder(positions.map((list) => list.slice(0, -n))), dataset.name),
    validation: pick(dataset, inOrder(positions.map((list) => list.slice(-n))), validation),
  };
}
