import type { ImageDataset } from "../../src/data/image_dataset.ts";

/** A small data set whose image i has the bytes i, i + 1, ...; the classes follow one another in blocks. */
export function tinyDataset(perClass: number, classes = 2, side = 4, channels = 1): ImageDataset {
  const length = perClass * classes;
  const size = channels * side * side;
  return {
    name: "tiny/train",
    images: Uint8Array.from({ length: length * size }, (_, i) => Math.floor(i / size) + i % size),
    labels: Int32Array.from({ length }, (_, i) => Math.floor(i / perClass)),
    length,
    channels,
    height: side,
    width: side,
    classes: Array.from({ length: classes }, (_, i) => `class ${i}`),
    mean: new Array(channels).fill(0.5),
    std: new Array(channels).fill(0.25),
  };
}
