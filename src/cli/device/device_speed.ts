import type { Gpu } from "../../gpu/gpu.ts";
import { matmul } from "../../ops/matmul/matmul.ts";
import { relu } from "../../ops/elementwise/unary.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { full, zeros } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** How fast a device is, and whether it computes rightly. */
export interface DeviceSpeed {
  /** Billions of multiplications and additions a second in a product of two 512 x 512 matrices. */
  readonly gflops: number;
  /** Gigabytes read and written a second by ReLU over {@linkcode DeviceSpeed.bandwidthBytes}. */
  readonly gbps: number;
  /** Bytes of the tensor that ReLU was measured on. */
  readonly bandwidthBytes: number;
  /** Whether the product was right. */
  readonly correct: boolean;
}

const SIDE = 512;
const BYTES = 64 * 2 ** 20;
const SECONDS = 0.3;

/** Measures a device for less than two seconds, compiling left out. */
export async function deviceSpeed(gpu: Gpu): Promise<DeviceSpeed> {
  const a = full([SIDE, SIDE], 0.5, { device: gpu });
  const b = full([SIDE, SIDE], 0.25, { device: gpu });
  const product = noGrad(() => matmul(a, b));
  const values = await product.data() as Float32Array;
  const correct = values.every((value) => value === SIDE / 8);
  const productSeconds = await secondsOf(gpu, () => matmul(a, b));
  const { maxTensor, limit } = gpu.account;
  const bytes = Math.min(BYTES, maxTensor, Math.floor(limit / 4 / 4096) * 4096);
  const x = zeros([bytes / 4], { device: gpu });
  const reluSeconds = await secondsOf(gpu, () => relu(x));
  for (const tensor of [a, b, product, x]) tensor.dispose();
  gpu.trim();
  return {
    gflops: 2 * SIDE ** 3 / productSeconds / 1e9,
    gbps: 2 * bytes / reluSeconds / 1e9,
    bandwidthBytes: bytes,
    correct,
  };
}

async function secondsOf(gpu: Gpu, run: () => Tensor): Promise<number> {
  noGrad(run).dispose();
  await gpu.finished();
  let best = Infinity;
  const end = performance.now() + 1000 * SECONDS;
  // Several runs at a time, since waiting for the device takes longer than a run on a fast one.
  for (let count = 1; performance.now() < end; count *= 2) {
    const start = performance.now();
    for (let i = 0; i < count; i++) noGrad(run).dispose();
    await gpu.finished();
    best = Math.min(best, (performance.now() - start) / 1000 / count);
  }
  return best;
}
