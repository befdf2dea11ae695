import { blockSquareSum } from "../ops/losses/block_square_sum.ts";
import { matmul } from "../ops/matmul/matmul.ts";
import { noGrad } from "../tensor/autograd.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { CkaWork } from "./check_features.ts";

/** Some classes' features, transposed: `[classes of the chunk * dims, samples]`. */
interface Chunk {
  readonly first: number;
  readonly count: number;
  readonly features: Tensor;
}

/**
 * `|X_j^T X_i|^2` of every two classes, `[classes, classes]`, from the products `X_j^T X_i` of a block of classes
 * with another; cheap where classes have many more samples than features.
 */
export async function crossProducts(work: CkaWork): Promise<Float32Array> {
  const { shape: [classes, , dims] } = work;
  const chunks = uploadTransposed(work);
  const total = chunks.length * (chunks.length + 1) / 2;
  const products = new Float32Array(classes * classes);
  let done = 0;
  for (const [b, right] of chunks.entries()) {
    for (const left of chunks.slice(0, b + 1)) {
      const sums = noGrad(() =>
        blockSquareSum(matmul(left.features, right.features, { transposeB: true }), dims)
      );
      const part = await sums.data() as Float32Array;
      sums.dispose();
      for (let i = 0; i < left.count; i++) {
        const row = part.subarray(i * right.count, (i + 1) * right.count);
        products.set(row, (left.first + i) * classes + right.first);
      }
      work.onProgress(++done, total);
    }
  }
  for (const { features } of chunks) features.dispose();
  return products;
}

function uploadTransposed({ gpu, features, shape, blockBytes }: CkaWork): Chunk[] {
  const [classes, samples, dims] = shape;
  const byFeatures = Math.floor(blockBytes / (4 * samples * dims));
  const byProducts = Math.floor(Math.sqrt(blockBytes / 4) / dims);
  const step = Math.max(1, Math.min(byFeatures, byProducts));
  const chunks: Chunk[] = [];
  for (let first = 0; first < classes; first += step) {
    const count = Math.min(classes - first, step);
    const data = new Float32Array(count * dims * samples);
    for (let c = 0; c < count; c++) {
      const start = (first + c) * samples * dims;
      for (let s = 0; s < samples; s++) {
        for (let d = 0; d < dims; d++) {
          data[(c * dims + d) * samples + s] = features[start + s * dims + d];
        }
      }
    }
    const transposed = tensor(data, [count * dims, samples], { device: gpu }).keep();
    chunks.push({ first, count, features: transposed });
  }
  return chunks;
}
