import type { Gpu } from "../../gpu/gpu.ts";
import type { Tensor } from "../../tensor/core.ts";
import { tensor } from "../../tensor/create.ts";
import { defaultDevice } from "../../tensor/default_device.ts";
import { checkOptions } from "../../options.ts";

/** Most classes whose kernel matrix fits the 64 KB that every adapter can bind as a uniform buffer. */
export const UNIFORM_CLASSES = 128;

const UNIFORM_ELEMENTS = UNIFORM_CLASSES * UNIFORM_CLASSES;

/** How a cost matrix becomes Sinkhorn's kernel matrix. */
export interface CostKernelOptions {
  /** Entropic regularisation (the authors' `SINKHORN.LAMBDA`). Default 0.05. */
  lambda?: number;
  /** `COST_MATRIX_SHARPEN`: k of `1 - exp(-k d)`; 0 leaves the matrix as it is. Default 0. */
  sharpen?: number;
  /** Default: the device of `init()`. */
  device?: Gpu;
}

/**
 * A cost matrix made ready for `sinkhorn()`: with `D = relu(d') + 1e-8`, where `d' = 1 - exp(-k d)` when
 * sharpened, it holds `K = exp(-D / lambda)` and `K D`, and their transposes, on the device. One serves the whole
 * run and every batch; it lives until `dispose()`. Source: the authors' `WKD` distiller.
 */
export class CostKernel {
  /** Elements of a padded row of the matrices: a multiple of 4. */
  readonly stride: number;
  /** `K[i][j]`, rows padded with zeros. */
  readonly k: Tensor;
  /** `K[j][i]`; the same tensor as `k` when the cost is symmetric. */
  readonly kTransposed: Tensor;
  /** `K[i][j] D[i][j]`. */
  readonly kCost: Tensor;
  /** `K[j][i] D[j][i]`; the same tensor as `kCost` when the cost is symmetric. */
  readonly kCostTransposed: Tensor;
  /** `sum over i of K[i][j]`. */
  readonly columnSums: Tensor;

  /**
   * Uploads what `sinkhorn()` needs of a cost matrix.
   *
   * @param cost `[classes, classes]`, row-major: the cost of moving mass from student class i to teacher class j
   * @throws RangeError when the matrix is not `classes` squared, or holds numbers that are not finite, or lambda is
   * not positive
   */
  constructor(
    cost: Float32Array,
    /** Number of classes. */
    readonly classes: number,
    options: CostKernelOptions = {},
  ) {
    checkOptions<CostKernelOptions>("CostKernel()", options, {
      ...{ lambda: true, sharpen: true, device: true },
    });
    const { lambda = 0.05, sharpen = 0, device = defaultDevice() } = options;
    checkCost(cost, classes, lambda, sharpen);
    this.stride = Math.ceil(classes / 4) * 4;
    const ground = Float64Array.from(cost, (d) => groundCost(d, sharpen));
    const symmetric = isSymmetric(ground, classes);
    const upload = (value: (d: number) => number, transposed: boolean) =>
      tensor(this.#pad(ground, value, transposed), null, { device }).keep();
    const kernel = (d: number) => Math.exp(-d / lambda);
    const kernelCost = (d: number) => Math.exp(-d / lambda) * d;
    this.k = upload(kernel, false);
    this.kTransposed = symmetric ? this.k : upload(kernel, true);
    this.kCost = upload(kernelCost, false);
    this.kCostTransposed = symmetric ? this.kCost : upload(kernelCost, true);
    this.columnSums = tensor(this.#sumColumns(ground, kernel), null, { device }).keep();
  }

  /** The device the matrices are on. */
  get gpu(): Gpu {
    return this.k.gpu;
  }

  /** Frees the matrices. */
  dispose(): void {
    const { k, kTransposed, kCost, kCostTransposed, columnSums } = this;
    for (const matrix of [k, kTransposed, kCost, kCostTransposed, columnSums]) matrix.dispose();
  }

  #pad(ground: Float64Array, value: (d: number) => number, transposed: boolean): Float32Array {
    const { classes, stride } = this;
    const padded = new Float32Array(
      classes <= UNIFORM_CLASSES ? UNIFORM_ELEMENTS : stride * stride,
    );
    for (let i = 0; i < classes; i++) {
      for (let j = 0; j < classes; j++) {
        padded[i * stride + j] = value(ground[transposed ? j * classes + i : i * classes + j]);
      }
    }
    return padded;
  }

  #sumColumns(ground: Float64Array, kernel: (d: number) => number): Float32Array {
    const sums = new Float64Array(this.stride);
    ground.forEach((d, at) => sums[at % this.classes] += kernel(d));
    return Float32Array.from(sums);
  }
}

function groundCost(d: number, sharpen: number): number {
  return Math.max(sharpen === 0 ? d : 1 - Math.exp(-sharpen * d), 0) + 1e-8;
}

function isSymmetric(matrix: Float64Array, size: number): boolean {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      if (matrix[i * size + j] !== matrix[j * size + i]) return false;
    }
  }
  return true;
}

function checkCost(cost: Float32Array, classes: number, lambda: number, sharpen: number): void {
  if (!Number.isInteger(classes) || classes < 2) {
    throw new RangeError(`a cost matrix needs 2 or more classes; got ${classes}`);
  }
  if (cost.length !== classes * classes) {
    throw new RangeError(
      `a cost matrix of ${classes} classes has ${classes * classes} numbers; got ${cost.length}`,
    );
  }
  if (!(lambda > 0 && Number.isFinite(lambda))) {
    throw new RangeError(`lambda of a cost kernel must be positive; got ${lambda}`);
  }
  if (!(sharpen >= 0 && Number.isFinite(sharpen))) {
    throw new RangeError(`sharpening of a cost matrix must be 0 or positive; got ${sharpen}`);
  }
  const bad = cost.findIndex((d) => !Number.isFinite(d));
  if (bad >= 0) {
    throw new RangeError(
      `the cost of classes ${Math.floor(bad / classes)} and ${bad % classes} is ${cost[bad]}; ` +
        `costs must be finite numbers`,
    );
  }
}
