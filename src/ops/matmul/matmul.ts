import { track } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/core.ts";
import type { MatmulOptions } from "../../tensor/op_options.ts";
import { checkOptions } from "../../options.ts";
import { broadcastShapes, formatShape, numel, sameShape, type Shape } from "../../tensor/shape.ts";
import { sumPartials } from "../reduce/sum_partials.ts";
import { requireFloat } from "../require_dtype.ts";
import { expand } from "../shape/expand.ts";
import { reshape } from "../shape/reshape.ts";
import { takeAs } from "../take_as.ts";
import { product } from "./product.ts";

export type { MatmulOptions } from "../../tensor/op_options.ts";

/**
 * Product of matrices, or of a batch of them. A vector is a row on the left and a column on the right, and its dimension
 * goes from the result. PyTorch: `torch.matmul(a, b)`.
 *
 * @param a float32 [..., rows, depth], or [..., depth, rows] with `transposeA`; or [depth]
 * @param b float32 [..., depth, columns], or [..., columns, depth] with `transposeB`; or [depth]. The leading dimensions of
 * both broadcast; one that is repeated along only some of them is copied.
 * @returns [..., rows, columns]
 * @throws RangeError when the shapes do not fit, TypeError for integers.
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  requireFloat("matmul", a, b);
  checkOptions<MatmulOptions>("matmul()", options, { transposeA: true, transposeB: true });
  const { transposeA = false, transposeB = false } = options;
  if (a.ndim === 1 || b.ndim === 1) return withVectors(a, b, { transposeA, transposeB });
  const [left, right] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  if (left.length > 0 && right.length > 0 && !sameShape(left, right)) {
    const batch = leadingOf(a.shape, b.shape);
    const repeated = (x: Tensor) => expand(x, [...batch, ...x.shape.slice(-2)]);
    return matmul(repeated(a), repeated(b), options);
  }
  // One matrix on the right for a whole batch: the batch is only more rows.
  if (a.ndim > 2 && b.ndim === 2 && !transposeA) {
    const c = matmul(reshape(a, [-1, a.shape[a.ndim - 1]]), b, { transposeB });
    return reshape(c, [...a.shape.slice(0, -1), c.shape[1]]);
  }
  const y = product(a, b, { transposeA, transposeB });
  return track(["matmul", { transposeA, transposeB }], [a, b], y, (dy) => {
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

function withVectors(a: Tensor, b: Tensor, options: MatmulOptions): Tensor {
  const [row, column] = [a.ndim === 1, b.ndim === 1];
  if ((row && options.transposeA) || (column && options.transposeB)) {
    throw new RangeError(
      `matmul() of shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}: a vector has no ` +
        `transpose`,
    );
  }
  const c = matmul(row ? reshape(a, [1, -1]) : a, column ? reshape(b, [-1, 1]) : b, options);
  const gone = [...(row ? [-2] : []), ...(column ? [-1] : [])].map((d) => c.ndim + d);
  return reshape(c, c.shape.filter((_, d) => !gone.includes(d)));
}

/** What the leading dimensions broadcast to. */
function leadingOf(a: Shape, b: Shape): Shape {
  try {
    return broadcastShapes(a.slice(0, -2), b.slice(0, -2));
  } catch {
    throw new RangeError(
      `matmul() of ${formatShape(a)} and ${
        formatShape(b)
      }: the leading dimensions must be equal, ` +
        `or 1, or missing in one`,
    );
  }
}

/** Adds up the gradients of an operand that the batch shared. */
function sumBatch(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  return sumPartials(takeAs(gradient, [gradient.numel / numel(shape), numel(shape)]), shape);
}
