import { UserError } from "../errors.ts";
import type { ImageDataset } from "./image_dataset.ts";

/**
 * A split of a data set that a module of the user's made, under the name that the program knows it by.
 *
 * @param name such as `blobs/train`
 * @throws {UserError} naming what does not fit together, and what it should be
 */
export function checkedDataset(name: string, dataset: ImageDataset): ImageDataset {
  const wrong = (what: string) => new UserError(`the data set ${name}: ${what}`);
  const { length, labels, channels, height, width, classes, mean, std } = dataset;
  for (const [key, value] of Object.entries({ length, channels, height, width })) {
    if (!Number.isInteger(value) || value < 1) {
      throw wrong(`${key} must be an integer of at least 1; got ${value}`);
    }
  }
  if (!Array.isArray(classes) || classes.length < 1) throw wrong("classes must be a list of names");
  if (!(labels instanceof Int32Array) || labels.length !== length) {
    throw wrong(`labels must be an Int32Array of ${length} numbers; got ${described(labels)}`);
  }
  const label = labels.find((each) => each < 0 || each >= classes.length);
  if (label !== undefined) {
    throw wrong(`the label ${label} is none of 0 to ${classes.length - 1}, for its classes`);
  }
  for (const [key, list] of Object.entries({ mean, std })) {
    if (list?.length === channels && list.every(Number.isFinite)) continue;
    throw wrong(`${key} must have a number for each of the ${channels} channels; got ${list}`);
  }
  if (std.some((each) => each <= 0)) throw wrong(`std must be above 0; got ${std}`);
  const bytes = length * channels * height * width;
  if (!(dataset.images instanceof Uint8Array) || dataset.images.length !== bytes) {
    throw wrong(
      `images must be a Uint8Array of ${length} x ${channels} x ${height} x ${width} = ${bytes} bytes; got ${
        described(dataset.images)
      }`,
    );
  }
  return { ...dataset, name };
}

function described(value: unknown): string {
  if (!ArrayBuffer.isView(value) || !("length" in value)) return typeof value;
  return `${value.constructor.name} of ${value.length}`;
}
