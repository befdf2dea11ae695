import { UserError } from "../errors.ts";
import type { DatasetInfo } from "./image_dataset.ts";

/** How many images each class has, [classes]. */
export function classCounts(labels: Int32Array, classes: number): Int32Array {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]++;
  return counts;
}

/** Whether all classes that have images have as many. */
export function isBalanced(labels: Int32Array, classes: number): boolean {
  return new Set(classCounts(labels, classes).filter((count) => count > 0)).size <= 1;
}

/**
 * A weight for each class that makes all count the same: images / (classes * images of the class), and 0 for a class
 * without images, which is not counted either. scikit-learn: `compute_class_weight("balanced")`.
 *
 * @param labels class of each image
 * @returns [classes]
 */
export function balancedClassWeights(labels: Int32Array, classes: number): number[] {
  const counts = classCounts(labels, classes);
  const present = counts.filter((count) => count > 0).length;
  return Array.from(counts, (count) => count > 0 ? labels.length / (present * count) : 0);
}

/**
 * What each class weighs in the cross-entropy, as SOLVER.CLASS_WEIGHTS says; null for 1 each.
 *
 * @throws {UserError} where there is not a number for each class
 */
export function classWeights(
  setting: "none" | "balanced" | readonly number[],
  { name, labels, classes }: Pick<DatasetInfo, "name" | "labels" | "classes">,
): readonly number[] | null {
  if (setting === "none") return null;
  if (setting === "balanced") return balancedClassWeights(labels, classes.length);
  if (setting.length === classes.length) return setting;
  throw new UserError(
    `SOLVER.CLASS_WEIGHTS must have a number for each of the ${classes.length} classes of ${name}, in the order of their ` +
      `labels; got ${setting.length}`,
  );
}
