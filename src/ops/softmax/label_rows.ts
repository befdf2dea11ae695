import type { Tensor } from "../../tensor/core.ts";
import { formatShape } from "../../tensor/shape.ts";
import { requireIndices } from "../indexing/require_indices.ts";
import { requireFloat } from "../require_dtype.ts";

/**
 * Checks a pair of logits [N, C] and labels [N], of which `ignored` is no class.
 *
 * @throws RangeError when the shapes do not fit or a label is out of range, TypeError when the dtypes are not float32 and int32.
 */
export function requireLabelRows(
  op: string,
  logits: Tensor,
  labels: Tensor,
  ignored?: number,
): void {
  requireFloat(op, logits);
  if (labels.dtype !== "int32") {
    throw new TypeError(`${op}() wants labels of int32, not ${labels.dtype}`);
  }
  if (logits.ndim !== 2 || labels.ndim !== 1 || labels.numel !== logits.shape[0]) {
    throw new RangeError(
      `${op}() of logits ${formatShape(logits.shape)} and labels ${formatShape(labels.shape)}: ` +
        `[N, C] and [N] wanted`,
    );
  }
  requireIndices(labels, { use: `${op}() of a label`, size: logits.shape[1], ignored });
}

/** Threads that share a row of a kernel with a template value LANES: one on a CPU, a group on a GPU. */
export function rowLanes(x: Tensor): number {
  return x.gpu.software || x.shape[1] < 32 ? 1 : 64;
}
