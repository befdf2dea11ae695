import { UserError } from "../errors.ts";
import { kernelRows, type KernelRowsOptions } from "../ops/losses/kernel_rows.ts";
import { matmul } from "../ops/matmul/matmul.ts";
import { noGrad } from "../tensor/autograd.ts";
import { tensor, zeros } from "../tensor/create.ts";
import { defaultDevice } from "../tensor/default_device.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { centerFeatures } from "./center_features.ts";
import { checkFeatures } from "./check_features.ts";
import type { CkaWork, FeatureShape } from "./check_features.ts";
import { costOfProducts } from "./cost_of_products.ts";
import { classesInBlock, gramProducts, uploadChunks } from "./gram_products.ts";
import type { LinearCkaOptions } from "./linear_cka_cost.ts";

/** A polynomial kernel `<x, y>^degree`, or an RBF kernel `exp(-|x - y|^2 / (2 bandwidth^2 median))`. */
export type CkaKernel =
  | { readonly type: "poly"; readonly degree: number }
  | { readonly type: "rbf"; readonly bandwidth: number };

/** The bytes that a binding of every adapter can have. */
const BINDING_BYTES = 2 ** 27;

/**
 * The cost matrix of WKD-L with another kernel than the linear one: `1 - CKA(K_i, K_j)` of the kernel matrices of every
 * two classes, `CKA(K, L) = <HKH, HLH> / (|HKH| |HLH|)` with H centring. The median of the RBF kernel is that of all
 * squared distances in the class, as `torch.median` takes it, zeros of samples to themselves included. Source: section
 * 3.1 of the WKD paper, Kornblith et al. 2019, and the authors' `kernel_CKA`.
 *
 * @param features row-major `[classes, samples, dims]`
 * @returns `[classes, classes]`, symmetric, zeros on the diagonal
 * @throws UserError as `linearCkaCost` does, and when degree, bandwidth or the number of samples is out of range
 */
export async function kernelCkaCost(
  features: Float32Array,
  shape: FeatureShape,
  kernel: CkaKernel,
  options: LinearCkaOptions = {},
): Promise<Float32Array> {
  const { onProgress = () => {}, blockBytes = 2 ** 26, device: gpu = defaultDevice() } = options;
  checkFeatures(features, shape, blockBytes);
  checkKernel(kernel, shape);
  const [classes, samples] = shape;
  // Distances do not change with the origin, and are more exact near it.
  const moved = kernel.type === "rbf"
    ? centerFeatures(features, shape, options.inPlace ? features : undefined)
    : features;
  const work: CkaWork = { gpu, features: moved, shape, blockBytes, onProgress };
  const perGram = Math.max(1, Math.floor(blockBytes / (4 * samples ** 2)));
  const step = Math.min(classesInBlock(work), perGram);
  const chunks = uploadChunks(work, step);
  const stats: KernelRowsOptions[] = [];
  for (const [c, chunk] of chunks.entries()) {
    stats.push(await kernelStats(work, chunk, c, step, kernel));
  }
  const products = await gramProducts(work, chunks, (rows, chunk, first) => {
    const centered = kernelRows(rows, first, stats[chunk]);
    rows.dispose();
    return centered;
  });
  for (const { norms, scales, means, totals } of stats) {
    for (const held of [norms, scales, means, totals]) held.dispose();
  }
  return costOfProducts(products, classes);
}

/** What centres the kernel matrices of a chunk of classes. */
async function kernelStats(
  { gpu, features, shape: [, samples, dims] }: CkaWork,
  chunk: Tensor,
  index: number,
  step: number,
  kernel: CkaKernel,
): Promise<KernelRowsOptions> {
  const [count] = chunk.shape;
  const start = index * step * samples * dims;
  const lengths = squaredLengths(features.subarray(start, start + chunk.numel), dims);
  const device = gpu;
  const grams = noGrad(() => matmul(chunk, chunk, { transposeB: true })).keep();
  const factors = kernel.type === "rbf"
    ? rbfFactors(await grams.data() as Float32Array, count, samples, kernel.bandwidth)
    : polyFactors(lengths, count, samples);
  const stats = {
    norms: tensor(lengths, [count, samples], { device }).keep(),
    scales: tensor(factors, null, { device }).keep(),
    degree: kernel.type === "rbf" ? 0 : kernel.degree,
  };
  const none = { means: zeros([count, samples], { device }), totals: zeros([count], { device }) };
  const means = noGrad(() => kernelRows(grams, 0, { ...stats, ...none }).mean({ dims: 2 })).keep();
  for (const held of [grams, none.means, none.totals]) held.dispose();
  return { ...stats, means, totals: noGrad(() => means.mean({ dims: 1 })).keep() };
}

function squaredLengths(features: Float32Array, dims: number): Float32Array {
  return Float32Array.from({ length: features.length / dims }, (_, i) => {
    let sum = 0;
    for (let at = i * dims; at < (i + 1) * dims; at++) sum += features[at] ** 2;
    return sum;
  });
}

/** The scale of a class does not change its CKA; this one keeps powers in range. */
function polyFactors(lengths: Float32Array, count: number, samples: number): Float32Array {
  return Float32Array.from({ length: count }, (_, c) => {
    const own = lengths.subarray(c * samples, (c + 1) * samples);
    const mean = own.reduce((sum, value) => sum + value, 0) / samples;
    return mean > 0 ? 1 / mean : 1;
  });
}

function rbfFactors(
  grams: Float32Array,
  count: number,
  samples: number,
  bandwidth: number,
): Float32Array {
  const size = samples ** 2;
  return Float32Array.from({ length: count }, (_, c) => {
    const median = medianDistance(grams.subarray(c * size, (c + 1) * size), samples);
    // Where half of the distances are zero, other samples are infinitely far.
    return median > 0 ? 1 / (2 * bandwidth ** 2 * median) : 1e30;
  });
}

function checkKernel(kernel: CkaKernel, [, samples]: FeatureShape): void {
  if (kernel.type === "poly" && !(Number.isInteger(kernel.degree) && kernel.degree >= 1)) {
    throw new UserError(`the degree must be an integer of at least 1; got ${kernel.degree}`);
  }
  if (kernel.type === "rbf" && !(kernel.bandwidth > 0 && Number.isFinite(kernel.bandwidth))) {
    throw new UserError(`the bandwidth must be a positive number; got ${kernel.bandwidth}`);
  }
  const most = Math.floor(Math.sqrt(BINDING_BYTES / 4));
  if (samples > most) {
    throw new UserError(
      `kernel matrices of ${samples} images of a class are too large; use at most ${most} images`,
    );
  }
}

/**
 * The median of all squared distances between samples, the lower one of two as `torch.median` takes it; those of samples
 * to themselves count, as zeros.
 *
 * @param gram inner products of the samples, row-major `[samples, samples]`
 */
export function medianDistance(gram: Float32Array, samples: number): number {
  const distances = new Float32Array(samples ** 2);
  for (let i = 0; i < samples; i++) {
    for (let j = 0; j < i; j++) {
      const squared = gram[i * samples + i] + gram[j * samples + j] - 2 * gram[i * samples + j];
      distances[i * samples + j] = distances[j * samples + i] = Math.max(0, squared);
    }
  }
  return distances.sort()[Math.floor((samples ** 2 - 1) / 2)];
}
