import { assertEquals, assertThrows } from "@std/assert";
import type { ImageDataset } from "../../src/data/image_dataset.ts";
import { holdOutPerClass, subsetPerClass } from "../../src/data/select.ts";
import { tinyDataset } from "./helpers.ts";

/** The first byte of each image, which is its position in the whole data set. */
function positions({ images, length, height, width }: ImageDataset): number[] {
  return Array.from({ length }, (_, i) => images[i * height * width]);
}

Deno.test("subsetPerClass() takes the first n images of each class", () => {
  const subset = subsetPerClass(tinyDataset(5, 3), 2);
  assertEquals(positions(subset), [0, 1, 5, 6, 10, 11]);
  assertEquals([...subset.labels], [0, 0, 1, 1, 2, 2]);
  assertEquals(subset.length, 6);
  assertEquals(subset.images.length, 6 * 16);
});

Deno.test("subsetPerClass() follows the data set's order where classes are mixed", () => {
  const mixed = { ...tinyDataset(3, 2), labels: Int32Array.from([1, 0, 1, 0, 1, 0]) };
  assertEquals(positions(subsetPerClass(mixed, 2)), [0, 1, 2, 3]);
});

Deno.test("holdOutPerClass() takes the last n images of each class for validation", () => {
  const { train, validation } = holdOutPerClass(tinyDataset(4, 2), 1);
  assertEquals(positions(train), [0, 1, 2, 4, 5, 6]);
  assertEquals(positions(validation), [3, 7]);
  assertEquals([...validation.labels], [0, 1]);
  assertEquals([train.name, validation.name], ["tiny/train", "tiny/validation"]);
});

Deno.test("subsetPerClass() and holdOutPerClass() refuse more than a class has", () => {
  const dataset = tinyDataset(4, 2);
  assertThrows(
    () => subsetPerClass(dataset, 5),
    RangeError,
    "DATASET.SUBSET must be an integer from 1 to 4, the 4 images of class class 0",
  );
  assertThrows(() => holdOutPerClass(dataset, 4), RangeError, "DATASET.VALIDATION");
  assertThrows(() => subsetPerClass(dataset, 1.5), RangeError, "got 1.5");
  assertEquals(subsetPerClass(dataset, 4).length, 8);
});
