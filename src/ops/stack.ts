import { formatShape, normalizeDim, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { cat } from "./cat.ts";
import { unsqueeze } from "./squeeze.ts";

/**
 * Tensors of one shape along a new dimension. PyTorch: `torch.stack`.
 *
 * @param dim where the new dimension goes; negative ones count from behind the last. Default 0.
 * @throws RangeError when there is none or the shapes differ; TypeError when the dtypes differ.
 */
export function stack(tensors: readonly Tensor[], dim: number = 0): Tensor {
  if (tensors.length === 0) throw new RangeError("stack() wants at least one tensor");
  const [first] = tensors;
  const other = tensors.find(({ shape }) => !sameShape(shape, first.shape));
  if (other) {
    throw new RangeError(
      `stack() of shapes ${formatShape(first.shape)} and ${formatShape(other.shape)}: one wanted`,
    );
  }
  const d = normalizeDim(dim, first.ndim + 1);
  return cat(tensors.map((each) => unsqueeze(each, d)), d);
}
