import code from "../../../kernels/cka/kernel_rows.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { linearGrid } from "../grid.ts";

const kernelRowsKernel = new Kernel("kernel_rows", code);

/** What {@linkcode kernelRows} knows of the classes. */
export interface KernelRowsOptions {
  /** Squared length of every sample, `[classes, samples]`. */
  readonly norms: Tensor;
  /** Factor of the inner products, or of the squared distances, `[classes]`. */
  readonly scales: Tensor;
  /** Mean of every row of the kernel matrix, `[classes, samples]`; zeros do not centre. */
  readonly means: Tensor;
  /** Mean of the whole, `[classes]`; zeros do not centre. */
  readonly totals: Tensor;
  /** Power of a polynomial kernel; 0 is the RBF kernel. */
  readonly degree: number;
}

/**
 * Rows of centred kernel matrices from rows of Gram matrices. Outside of the tape.
 *
 * @param gram inner products of samples, `[classes, rows, samples]`
 * @param first the first of the rows
 */
export function kernelRows(gram: Tensor, first: number, options: KernelRowsOptions): Tensor {
  const { norms, scales, means, totals, degree } = options;
  const [, rows, samples] = gram.shape;
  const y = Tensor.result(gram.gpu, gram.shape);
  gram.gpu.dispatch(kernelRowsKernel, {
    bindings: {
      gram,
      norms,
      scales,
      means,
      totals,
      y,
    },
    params: { count: gram.numel, rows, samples, first, degree },
    workgroups: linearGrid(Math.ceil(gram.numel / 64)),
  });
  return y;
}
