import { cases } from "./cases.ts";
import { wkdLogitLossWithTargetSeparation } from "../src/losses/wkd_logit.ts";
import { CostKernel } from "../src/ops/sinkhorn/cost_kernel.ts";
import { randn, tensor } from "../src/tensor/create.ts";
import { init } from "../src/tensor/default_device.ts";
import { Generator } from "../src/tensor/random.ts";

const gpu = await init();
const generator = new Generator(1);

/** Steps per measurement, so that waiting for the device counts little. */
const REPEATS: Record<number, number> = { 10: 50, 100: 10, 1000: 1 };

const SIZES = [[64, 10], [64, 100], [256, 1000]] as const;

for (const [samples, classes] of cases(gpu, SIZES, ([, classes]) => classes <= 100)) {
  const distance = (i: number, j: number) => i === j ? 0 : 0.5 + 0.5 * Math.cos(i + j);
  const cost = Float32Array.from(
    { length: classes * classes },
    (_, at) => distance(Math.floor(at / classes), at % classes),
  );
  const kernel = new CostKernel(cost, classes, { sharpen: 1 });
  const student = randn([samples, classes], generator, { requiresGrad: true });
  const teacher = randn([samples, classes], generator);
  const labels = tensor(Int32Array.from({ length: samples }, (_, n) => n % classes));
  const recording = await gpu.record(() => {
    const options = { temperature: 4, gamma: 50, iterations: 10 };
    wkdLogitLossWithTargetSeparation(student, teacher, labels, kernel, options).backward();
  });
  await gpu.finished();
  const repeats = REPEATS[classes];
  Deno.bench({
    name: `WKD-L [${samples}, ${classes}], 10 iterations, forward and gradient, ${repeats} times`,
    group: `${classes}`,
    n: 5,
    warmup: 1,
    fn: async () => {
      for (let i = 0; i < repeats; i++) recording.replay();
      await gpu.finished();
    },
  });
}
