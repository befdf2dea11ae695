import { assertEquals, assertThrows } from "@std/assert";
import type { ImageDataset } from "../../src/data/image_dataset.ts";
import { holdOutPerClass, subsetPerClass } from "../../src/data/select.ts";
import { UserError } from "../../src/errors.ts";
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
    UserError,
    "DATASET.SUBSET must be an integer from 1 to 4, the 4 images of class class 0",
  );
  assertThrows(
    () => holdOutPerClass(dataset, 4),
    UserError,
    "DATASET.VALIDATION must be an integer from 1 to 3, the 4 images of class class 0 in tiny/train " +
      "less 1 to train on; got 4",
  );
  assertThrows(() => subsetPerClass(dataset, 1.5), UserError, "got 1.5");
  assertEquals(subsetPerClass(dataset, 4).length, 8);
});

/** A data set whose classes have so many images. */
function uneven(...counts: number[]): ImageDataset {
  const labels = Int32Array.from(counts.flatMap((count, label) => new Array(count).fill(label)));
  return { ...tinyDataset(labels.length, 1), labels, classes: counts.map((_, i) => `c${i}`) };
}

Deno.test("subsetPerClass() and holdOutPerClass() tell of the smallest class, and of no empty range", () => {
  const told = (fn: () => unknown, message: string) => assertThrows(fn, UserError, message);
  told(
    () => subsetPerClass(uneven(5, 2, 3), 9),
    "DATASET.SUBSET must be an integer from 1 to 2, the 2 images of class c1 in tiny/train; got 9",
  );
  told(
    () => subsetPerClass(uneven(5, 1), 2),
    "DATASET.SUBSET must be 1, the one image of class c1 in tiny/train; got 2",
  );
  told(
    () => subsetPerClass(uneven(5, 0), 1),
    "DATASET.SUBSET takes images of every class, and class c1 in tiny/train has no image; give it more, " +
      "remove the class, or leave DATASET.SUBSET out",
  );
  told(
    () => subsetPerClass(uneven(5, 0), 0, "--samples"),
    "--samples takes images of every class, and class c1 in tiny/train has no image; give it more, remove the class",
  );
  told(
    () => holdOutPerClass(uneven(1, 5), 1),
    "DATASET.VALIDATION takes images of every class, and class c0 in tiny/train has a single image, which is to " +
      "train on; give it more",
  );
  told(
    () => holdOutPerClass(uneven(2, 5), 2),
    "DATASET.VALIDATION must be 1, the 2 images of class c0",
  );
});
