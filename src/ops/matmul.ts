import { track } from "../tensor/autograd.ts";
import { numel, sameShape, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { product } from "./matmul/product.ts";
import { requireFloat } from "./require_dtype.ts";
import { reshape } from "./reshape.ts";
import { sumPartials } from "./sum_partials.ts";
import { takeAs } from "./take_as.ts";

/** Options of {@linkcode matmul}. */
export interface MatmulOptions {
  /** Uses the transpose of the last two dimensions of `a`; nothing is copied. Default false. */
  transposeA?: boolean;
  /** The same for `b`. Default false. */
  transposeB?: boolean;
}

/**
 * Product of matrices, or of a batch of them. PyTorch: `torch.matmul(a, b)`.
 *
 * @param a float32 [..., rows, depth], or [..., depth, rows] with `transposeA`
 * @param b float32 [..., depth, columns], or [..., columns, depth] with `transposeB`; its leading
 * dimensions are those of `a`, or one of the two has none and is shared.
 * @returns [..., rows, columns]
 * @throws RangeError when the shapes do not fit, TypeError for integers.
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  requireFloat("matmul", a, b);
  const { transposeA = false, transposeB = false } = options;
  // One matrix on the right for a whole batch: the batch is only more rows.
  if (a.ndim > 2 && b.ndim === 2 && !transposeA) {
    const c = matmul(reshape(a, [-1, a.shape[a.ndim - 1]]), b, { transposeB });
    return reshape(c, [...a.shape.slice(0, -1), c.shape[1]]);
  }
  const y = product(a, b, { transposeA, transposeB });
  return track("matmul", [a, b], y, (dy) => {
    // Shapes of the products: op(a)' = dy op(b)T, op(b)' = op(a)T dy, transposed where the operand was.
    const da = () =>
      transposeA
        ? product(b, dy, { transposeA: transposeB, transposeB: true })
        : product(dy, b, { transposeB: !transposeB });
    const db = () =>
      transposeB
        ? product(dy, a, { transposeA: true, transposeB: transposeA })
        : product(a, dy, { transposeA: !transposeA });
    return [
      a.requiresGrad ? sumBatch(da(), a.shape) : null,
      b.requiresGrad ? sumBatch(db(), b.shape) : null,
    ];
  });
}

/** Adds up the gradients of an operand that the batch shared. */
function sumBatch(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  return sumPartials(takeAs(gradient, [gradient.numel / numel(shape), numel(shape)]), shape);
}
