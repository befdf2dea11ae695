import { matmul } from "../ops/matmul.ts";
import { noGrad } from "../tensor/autograd.ts";
import { tensor } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { CkaWork } from "./linear_cka_cost.ts";

/**
 * `|X_j^T X_i|^2` of every two classes, `[classes, classes]`, as inner products of Gram matrices: for a block of
 * their rows at a time, the Gram rows of all classes side by side, times their transpose.
 */
export async function gramProducts(work: CkaWork): Promise<Float32Array> {
  const { gpu, shape: [classes, samples], blockBytes } = work;
  const rows = Math.min(samples, Math.max(1, Math.floor(blockBytes / (4 * classes * samples))));
  const total = Math.ceil(samples / rows);
  const chunks = uploadChunks(work);
  let sum: Tensor | null = null;
  for (let block = 0; block < total; block++) {
    const first = block * rows;
    const part: Tensor = noGrad(() => {
      const grams = gramRows(work, chunks, first, Math.min(samples, first + rows));
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

/** The features, as many classes in a tensor as a block holds: `[classes of the chunk, samples, dims]`. */
function uploadChunks({ gpu, centered, shape, blockBytes }: CkaWork): Tensor[] {
  const [classes, samples, dims] = shape;
  const size = samples * dims;
  const step = Math.max(1, Math.floor(blockBytes / (4 * size)));
  const chunks: Tensor[] = [];
  for (let c = 0; c < classes; c += step) {
    const end = Math.min(classes, c + step);
    const data = centered.subarray(c * size, end * size);
    chunks.push(tensor(data, [end - c, samples, dims], { device: gpu }).keep());
  }
  return chunks;
}

/** Rows `first` to `end` of the Gram matrix of every class, `[classes, rows * samples]`. */
function gramRows(work: CkaWork, chunks: readonly Tensor[], first: number, end: number): Tensor {
  const { gpu, shape: [classes, samples] } = work;
  const width = (end - first) * samples;
  const product = (chunk: Tensor) => {
    const part = end - first === samples ? chunk : chunk.slice(1, first, end);
    return matmul(part, chunk, { transposeB: true });
  };
  if (chunks.length === 1) return product(chunks[0]).reshape(classes, width);
  const grams = Tensor.result(gpu, [classes, width]);
  const { buffer, offset } = grams.storage;
  let at = offset;
  for (const chunk of chunks) {
    const gram = product(chunk);
    const bytes = 4 * gram.numel;
    gpu.copy(gram.storage, { buffer, offset: at, size: bytes }, bytes);
    gram.dispose();
    at += bytes;
  }
  return grams;
}
