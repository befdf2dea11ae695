import { matmul } from "../ops/matmul/matmul.ts";
import { noGrad } from "../tensor/autograd.ts";
import { tensor } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { CkaWork } from "./check_features.ts";

/**
 * Makes rows of kernel matrices of rows of Gram matrices.
 *
 * @param rows `[classes of the chunk, rows, samples]`, inner products of samples; taken over
 * @param chunk which of the chunks
 * @param first the first of the rows
 */
type RowKernel = (rows: Tensor, chunk: number, first: number) => Tensor;

/**
 * Inner products of the Gram matrices of every two classes, `[classes, classes]`: for a block of their rows at a time,
 * the Gram rows of all classes side by side, times their transpose. For centred features these are `|X_j^T X_i|^2`.
 *
 * @param chunks the features on the device; freed
 * @param kernel applied to the rows; none takes them as they are
 */
export async function gramProducts(
  work: CkaWork,
  chunks: readonly Tensor[] = uploadChunks(work, classesInBlock(work)),
  kernel: RowKernel = (rows) => rows,
): Promise<Float32Array> {
  const { gpu, shape: [classes, samples], blockBytes } = work;
  const rows = Math.min(samples, Math.max(1, Math.floor(blockBytes / (4 * classes * samples))));
  const total = Math.ceil(samples / rows);
  let sum: Tensor | null = null;
  for (let block = 0; block < total; block++) {
    const first = block * rows;
    const part: Tensor = noGrad(() => {
      const grams = gramRows(work, chunks, first, Math.min(samples, first + rows), kernel);
      return matmul(grams, grams, { transposeB: true });
    });
    if (sum) {
      sum.add_(part);
      part.dispose();
    } else sum = part.keep();
    await gpu.finished();
    work.onProgress(block + 1, total);
  }
  const products = await sum!.data() as Float32Array;
  for (const held of [...chunks, sum!]) held.dispose();
  return products;
}

/** How many classes' features a block holds. */
export function classesInBlock({ shape: [, samples, dims], blockBytes }: CkaWork): number {
  return Math.max(1, Math.floor(blockBytes / (4 * samples * dims)));
}

/** The features, `step` classes in a tensor: `[classes of the chunk, samples, dims]`. */
export function uploadChunks({ gpu, features, shape }: CkaWork, step: number): Tensor[] {
  const [classes, samples, dims] = shape;
  const size = samples * dims;
  const chunks: Tensor[] = [];
  for (let c = 0; c < classes; c += step) {
    const end = Math.min(classes, c + step);
    const data = features.subarray(c * size, end * size);
    chunks.push(tensor(data, [end - c, samples, dims], { device: gpu }).keep());
  }
  return chunks;
}

/** Rows `first` to `end` of the kernel matrix of every class, `[classes, rows * samples]`. */
function gramRows(
  work: CkaWork,
  chunks: readonly Tensor[],
  first: number,
  end: number,
  kernel: RowKernel,
): Tensor {
  const { gpu, shape: [classes, samples] } = work;
  const width = (end - first) * samples;
  const product = (chunk: Tensor, c: number) => {
    const part = end - first === samples ? chunk : chunk.slice(1, first, end);
    return kernel(matmul(part, chunk, { transposeB: true }), c, first);
  };
  if (chunks.length === 1) return product(chunks[0], 0).reshape(classes, width);
  const grams = Tensor.result(gpu, [classes, width]);
  const { buffer, offset } = grams.storage;
  let at = offset;
  for (const [c, chunk] of chunks.entries()) {
    const gram = product(chunk, c);
    const bytes = 4 * gram.numel;
    gpu.copy(gram.storage, { buffer, offset: at, size: bytes }, bytes);
    gram.dispose();
    at += bytes;
  }
  return grams;
}
