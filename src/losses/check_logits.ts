import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Checks what the losses on logits are given.
 *
 * @throws RangeError when student and teacher are not both `[samples, classes]`, or the temperature is not positive
 */
export function checkLogits(student: Tensor, teacher: Tensor, temperature: number): void {
  if (student.ndim !== 2 || !sameShape(student.shape, teacher.shape)) {
    throw new RangeError(
      `student and teacher logits must both be [samples, classes]; got ${
        formatShape(student.shape)
      } and ${formatShape(teacher.shape)}`,
    );
  }
  if (!(temperature > 0 && Number.isFinite(temperature))) {
    throw new RangeError(`the temperature must be positive; got ${temperature}`);
  }
}
