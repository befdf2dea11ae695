import gradCode from "../../../kernels/gaussian_wd/grad.wgsl" with { type: "text" };
import lossesCode from "../../../kernels/gaussian_wd/losses.wgsl" with { type: "text" };
import statisticsCode from "../../../kernels/gaussian_wd/statistics.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { trackMany } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { checkOptions } from "../../options.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import { formatShape, sameShape, type Shape } from "../../tensor/shape.ts";
import { cast } from "../elementwise/cast.ts";
import { linearGrid } from "../grid.ts";
import { requireFloats } from "../require_dtype.ts";
import { rowGroups } from "../row_groups.ts";

const statisticsKernel = new Kernel("gaussian_wd_statistics", statisticsCode);
const lossesKernel = new Kernel("gaussian_wd_losses", lossesCode);
const gradKernel = new Kernel("gaussian_wd_grad", gradCode);

/** Options of {@linkcode gaussianWasserstein}. */
export interface GaussianWassersteinOptions {
  /** Windows along each side of the plane (the authors' `SPATIAL_GRID`). Default 1. */
  grid?: number;
  /** Added to the variance before the root (the authors' `EPS`). Default 1e-5. */
  eps?: number;
}

/** The two parts of the Gaussian Wasserstein distance. */
export interface GaussianWassersteinLosses {
  /** Squared distance of the means: summed over channels, averaged over samples and windows. One number. */
  meanLoss: Tensor;
  /** The same of the standard deviations. One number. */
  covLoss: Tensor;
}

/**
 * Squared differences of mean and standard deviation (diagonal Gaussians) of every channel in every window of an
 * adaptive grid: windows as PyTorch's adaptive pooling takes them, standard deviation `sqrt(unbiased variance + eps)`.
 * The teacher is a constant. Source: equation 8 of the WKD paper, and the authors' `wkd_feature_loss`.
 *
 * @param student float32, or float16 as autocast makes it, `[samples, channels, height, width]`
 * @param teacher the same shape
 * @returns float32
 * @throws RangeError when shapes differ, the grid is not a positive integer, or a window has one element only, which
 * has no unbiased variance
 */
export function gaussianWasserstein(
  student: Tensor,
  teacher: Tensor,
  options: GaussianWassersteinOptions = {},
): GaussianWassersteinLosses {
  checkOptions<GaussianWassersteinOptions>("wkdFeatureLoss()", options, { grid: true, eps: true });
  const { grid = 1, eps = 1e-5 } = options;
  // On software adapters a kernel that reads float16 takes many times as long to compile.
  if (student.gpu.software || student.dtype !== teacher.dtype) {
    [student, teacher] = [cast(student, "float32"), cast(teacher, "float32")];
  }
  requireFloats("gaussianWasserstein", student, teacher);
  checkArguments(student.shape, teacher.shape, grid, eps);
  const { gpu, shape: [samples, channels, height, width] } = student;
  const windows = samples * channels * grid * grid;
  const lanes = height * width / grid ** 2 >= 128 ? 32 : 8;
  const { values, workgroups } = rowGroups(gpu, windows, lanes);
  const count = workgroups[0] * workgroups[1];
  const stats = Tensor.result(gpu, [windows, 4]);
  const partials = Tensor.result(gpu, [count, 2]);
  gpu.dispatch(statisticsKernel, {
    bindings: {
      student,
      teacher,
      stats,
      partials,
    },
    params: { windows, height, width, grid, eps },
    values: { ...values, E: wgslFloat(student.dtype) },
    workgroups,
  });
  const scale = 1 / (samples * grid * grid);
  const [meanLoss, covLoss] = [Tensor.result(gpu, []), Tensor.result(gpu, [])];
  gpu.dispatch(lossesKernel, {
    bindings: {
      partials,
      mean_loss: meanLoss,
      cov_loss: covLoss,
    },
    params: { count, scale },
    workgroups: [1],
  });
  partials.dispose();
  const params = { count: student.numel, height, width, grid, scale };
  trackMany("gaussianWasserstein", [student], [meanLoss, covLoss], ([dmean, dcov]) => {
    return [gradient(student, stats, params, dmean, dcov)];
  }, [stats]);
  return { meanLoss, covLoss };
}

function gradient(
  student: Tensor,
  stats: Tensor,
  params: Record<string, number>,
  dmean: Tensor | null,
  dcov: Tensor | null,
): Tensor {
  const { gpu } = student;
  const dx = Tensor.result(gpu, student.shape, student.dtype);
  // Neighbouring threads of a GPU read neighbouring elements; on a CPU one thread walks a stretch of the plane.
  const per = gpu.software ? 16 : 1;
  gpu.dispatch(gradKernel, {
    bindings: {
      student,
      stats,
      dmean: dmean ?? stats,
      dcov: dcov ?? stats,
      dx,
    },
    params: { ...params, with_mean: dmean ? 1 : 0, with_cov: dcov ? 1 : 0 },
    values: { E: wgslFloat(student.dtype) },
    constants: { PER: per },
    workgroups: linearGrid(Math.ceil(student.numel / (64 * per))),
  });
  return dx;
}

function checkArguments(student: Shape, teacher: Shape, grid: number, eps: number): void {
  if (student.length !== 4 || !sameShape(student, teacher)) {
    throw new RangeError(
      `the feature loss wants two tensors of shape [samples, channels, height, width]; got ` +
        `${formatShape(student)} and ${formatShape(teacher)}`,
    );
  }
  if (!Number.isInteger(grid) || grid < 1) {
    throw new RangeError(`the spatial grid must be a positive integer; got ${grid}`);
  }
  if (!(eps >= 0 && Number.isFinite(eps))) {
    throw new RangeError(`eps of the feature loss must be 0 or positive; got ${eps}`);
  }
  const [, , height, width] = student;
  if (smallestWindow(height, grid) * smallestWindow(width, grid) < 2) {
    throw new RangeError(
      `a grid of ${grid} x ${grid} has windows of one element in features of ${height} x ${width}, ` +
        `which have no standard deviation; use a smaller spatial grid`,
    );
  }
}

function smallestWindow(size: number, grid: number): number {
  let smallest = size;
  for (let i = 0; i < grid; i++) {
    const length = Math.ceil((i + 1) * size / grid) - Math.floor(i * size / grid);
    smallest = Math.min(smallest, length);
  }
  return smallest;
}
