import { formatShape, numel, sameShape, type Shape } from "../../tensor/shape.ts";

/** Sizes of a product of matrices, perhaps many. */
export interface ProductSize {
  /** Number of products. */
  readonly batch: number;
  /** Rows of each result. */
  readonly rows: number;
  /** Columns of each result. */
  readonly columns: number;
  /** Terms of each sum. */
  readonly depth: number;
  /** Elements from one matrix of `a` to the next; 0 when all products share it. */
  readonly strideA: number;
  /** The same for `b`. */
  readonly strideB: number;
  /** Shape of the result. */
  readonly shape: Shape;
}

/**
 * Sizes of `op(a) * op(b)`; equal leading dimensions are a batch, a 2-D operand is shared by it.
 *
 * @throws RangeError when the shapes do not fit.
 */
export function productSize(
  a: Shape,
  b: Shape,
  transposeA: boolean,
  transposeB: boolean,
): ProductSize {
  if (a.length < 2 || b.length < 2) {
    throw new RangeError(
      `matmul() of shapes ${formatShape(a)} and ${formatShape(b)}: two dimensions or more wanted`,
    );
  }
  const [rows, depth] = transposeA ? [a.at(-1)!, a.at(-2)!] : [a.at(-2)!, a.at(-1)!];
  const [depthB, columns] = transposeB ? [b.at(-1)!, b.at(-2)!] : [b.at(-2)!, b.at(-1)!];
  const [batchA, batchB] = [a.slice(0, -2), b.slice(0, -2)];
  const fits = batchA.length === 0 || batchB.length === 0 || sameShape(batchA, batchB);
  if (depth !== depthB || !fits) {
    const of = (shape: Shape, transposed: boolean) =>
      formatShape(shape) + (transposed ? " transposed" : "");
    throw new RangeError(
      `matmul() of ${of(a, transposeA)} and ${of(b, transposeB)}: the inner sizes ${depth} and ` +
        `${depthB} must be equal, leading dimensions too unless one operand has two dimensions`,
    );
  }
  const batch = batchA.length > 0 ? batchA : batchB;
  return {
    batch: numel(batch),
    rows,
    columns,
    depth,
    strideA: batchA.length > 0 ? rows * depth : 0,
    strideB: batchB.length > 0 ? depth * columns : 0,
    shape: [...batch, rows, columns],
  };
}
