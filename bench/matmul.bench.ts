// Products of matrices at the shapes of classifiers, Sinkhorn iterations and their gradients.
// Run: deno bench -A bench/matmul.bench.ts
import { cases } from "./cases.ts";
import { product } from "../src/ops/matmul/product.ts";
import { randn } from "../src/tensor/create.ts";
import { init } from "../src/tensor/default_device.ts";
import { Generator } from "../src/tensor/random.ts";
import { scope } from "../src/tensor/scope.ts";

const gpu = await init();
const generator = new Generator(1);

const CASES = [
  { rows: 512, depth: 512, columns: 512, repeat: 4 },
  { rows: 512, depth: 512, columns: 512, repeat: 4, transposeB: true },
  { rows: 512, depth: 512, columns: 512, repeat: 4, transposeA: true },
  { rows: 64, depth: 100, columns: 100, repeat: 200 },
  { rows: 64, depth: 64, columns: 10, repeat: 200, transposeB: true },
  { rows: 256, depth: 1000, columns: 1000, repeat: 2 },
  { rows: 257, depth: 333, columns: 129, repeat: 20 },
];

for (
  const { rows, depth, columns, repeat, ...options } of cases(
    gpu,
    CASES,
    ({ repeat }) => repeat !== 20,
  )
) {
  const a = randn(options.transposeA ? [depth, rows] : [rows, depth], generator);
  const b = randn(options.transposeB ? [columns, depth] : [depth, columns], generator);
  const recording = await gpu.record(() =>
    scope(() => {
      for (let i = 0; i < repeat; i++) product(a, b, options);
    })
  );
  const flags = (options.transposeA ? " a transposed" : "") +
    (options.transposeB ? " b transposed" : "");
  const gigaflops = 2e-9 * rows * depth * columns * repeat;
  const size = `${rows} x ${depth} x ${columns}${flags}`;
  Deno.bench(`${repeat} products ${size}, ${gigaflops.toFixed(2)} GFLOP`, async () => {
    recording.replay();
    await gpu.finished();
  });
}
