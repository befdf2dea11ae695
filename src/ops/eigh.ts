import gradCoreCode from "../../kernels/eigh/grad_core.wgsl" with { type: "text" };
import jacobiCode from "../../kernels/eigh/jacobi.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { trackMany } from "../tensor/autograd.ts";
import { Tensor } from "../tensor/core.ts";
import { formatShape, numel } from "../tensor/shape.ts";
import { linearGrid } from "./grid.ts";
import { product } from "./matmul/product.ts";
import { requireFloat } from "./require_dtype.ts";

const jacobiKernel = new Kernel("eigh_jacobi", jacobiCode);
const gradCoreKernel = new Kernel("eigh_grad_core", gradCoreCode);

/** Rows of the largest matrix; what a workgroup keeps of its rotations allows no more. */
const LARGEST = 256;
/** Convergence is quadratic: random matrices of 64 rows are diagonal to float32 after 8 sweeps. */
const SWEEPS = 10;

/** What {@linkcode eigh} makes. */
export interface Eigen {
  /** [..., n], rising. */
  values: Tensor;
  /** [..., n, n]: column i belongs to value i, has length 1 and a sum that is not negative. */
  vectors: Tensor;
}

/**
 * Eigenvalues and eigenvectors of symmetric matrices, by Jacobi's method in float32. PyTorch: `torch.linalg.eigh`, which
 * leaves the signs open. The gradient is that of PyTorch, but vectors whose values are equal to float32 take none from
 * each other, where PyTorch's is infinite.
 *
 * @param x float32 [..., n, n], symmetric
 * @throws RangeError unless the matrices are square, of 1 to 256 rows; TypeError unless `x` is float32.
 */
export function eigh(x: Tensor): Eigen {
  requireFloat("eigh", x);
  const { gpu, shape } = x;
  const n = shape.at(-1) ?? 0;
  if (shape.length < 2 || shape.at(-2) !== n || n > LARGEST) {
    throw new RangeError(
      `eigh() of shape ${formatShape(shape)}: square matrices of up to ${LARGEST} rows wanted`,
    );
  }
  const count = numel(shape.slice(0, -2));
  const values = Tensor.result(gpu, shape.slice(0, -1));
  const [vectors, a, v] = Array.from({ length: 3 }, () => Tensor.result(gpu, shape));
  gpu.dispatch(jacobiKernel, {
    bindings: {
      x,
      a,
      v,
      values,
      vectors,
    },
    params: { count, n, sweeps: SWEEPS },
    workgroups: linearGrid(count),
  });
  a.dispose();
  v.dispose();
  trackMany("eigh", [x], [values, vectors], ([dvalues, dvectors]) => {
    return [gradient({ values, vectors }, dvalues, dvectors)];
  });
  return { values, vectors };
}

function gradient(
  { values, vectors }: Eigen,
  dvalues: Tensor | null,
  dvectors: Tensor | null,
): Tensor {
  const { gpu, shape } = vectors;
  const n = shape[shape.length - 1];
  const p = dvectors ? product(vectors, dvectors, { transposeA: true }) : null;
  const core = Tensor.result(gpu, shape);
  gpu.dispatch(gradCoreKernel, {
    bindings: {
      p: p ?? vectors,
      values,
      dvalues: dvalues ?? values,
      core,
    },
    params: {
      ...{ count: vectors.numel / n ** 2, n },
      ...{ with_values: dvalues ? 1 : 0, with_vectors: dvectors ? 1 : 0 },
    },
    workgroups: linearGrid(Math.ceil(vectors.numel / 64)),
  });
  const left = product(vectors, core);
  const dx = product(left, vectors, { transposeB: true });
  for (const each of [p, core, left]) each?.dispose();
  return dx;
}
