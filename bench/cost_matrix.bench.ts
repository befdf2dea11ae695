import { cases } from "./cases.ts";
import { kernelCkaCost } from "../src/cost_matrix/kernel_cka_cost.ts";
import type { FeatureShape } from "../src/cost_matrix/check_features.ts";
import { linearCkaCost } from "../src/cost_matrix/linear_cka_cost.ts";
import { init } from "../src/tensor/default_device.ts";

const gpu = await init();

/** Classes and dimensions of ImageNet in ResNet34, or of CIFAR-100 in resnet32x4. */
const SHAPES: readonly FeatureShape[] = [[1000, 50, 512], [100, 50, 256]];
const [SHAPE] = cases(gpu, SHAPES, ([classes]) => classes === 100);
const group = `cost matrix of ${SHAPE[0]} classes, ${SHAPE[1]} images of ${SHAPE[2]} features each`;

/** Features that differ by class: a class's own value in every dimension and noise, as ReLU leaves them. */
function features([classes, samples, dims]: FeatureShape): Float32Array {
  let state = 1;
  const noise = () => (state = Math.imul(state, 1664525) + 1013904223 >>> 0) / 2 ** 32;
  const own = Float32Array.from({ length: classes * dims }, noise);
  return Float32Array.from({ length: classes * samples * dims }, (_, i) => {
    const c = Math.floor(i / (samples * dims));
    return Math.max(0, own[c * dims + i % dims] + noise() - 0.5);
  });
}

const data = features(SHAPE);

Deno.bench({
  ...{ name: "linear CKA", group, n: 1, warmup: 0 },
  fn: async () => void await linearCkaCost(data, SHAPE),
});
Deno.bench({
  ...{ name: "RBF CKA", group, n: 1, warmup: 0 },
  fn: async () => void await kernelCkaCost(data, SHAPE, { type: "rbf", bandwidth: 1 }),
});
