import { UserError } from "../errors.ts";
import type { Shape } from "../tensor/shape.ts";

/**
 * The shape of the feature that a configuration key chooses; negative ones count from the end.
 *
 * @param key the key, for the error, such as `WKD.HINT_LAYER`
 * @param who whose features they are, for the error
 * @throws UserError when there is no such feature
 */
export function hintShape(
  shapes: readonly Shape[],
  index: number,
  key: string,
  who: "student" | "teacher",
): Shape {
  const shape = shapes.at(index);
  if (!shape) {
    throw new UserError(
      `${key} ${index}: the ${who} has ${shapes.length} features, ` +
        `0 to ${shapes.length - 1} or counted from the end`,
    );
  }
  return shape;
}
