/**
 * What a frozen teacher's forward pass costs beside its bare convolutions, and what folding its batch normalisations saves an
 * evaluation: the least of rounds that take turns in one process; on a software adapter of the processor's time, which other
 * programs disturb less.
 * Run: deno task bench:teacher [MODEL BATCH [SIZE CLASSES]], such as resnet32x4 64
 */
import process from "node:process";
import { createModel } from "../src/models/registry.ts";
import type { Model } from "../src/models/model.ts";
import { withoutPreact } from "../src/models/wanted_features.ts";
import { Folding } from "../src/nn/folding.ts";
import { conv2dWithEnding, type ConvOptions } from "../src/ops/conv/conv2d.ts";
import { keepPacked } from "../src/ops/conv/kept_weights.ts";
import { noGrad } from "../src/tensor/autograd.ts";
import { zeros } from "../src/tensor/create.ts";
import { init } from "../src/tensor/default_device.ts";
import type { Shape } from "../src/tensor/shape.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { withTracer } from "../src/tensor/trace.ts";

const ROUNDS = 15;

interface Convolution {
  readonly input: Shape;
  readonly weight: Shape;
  readonly options: ConvOptions;
}

const [name = "resnet32x4", ...numbers] = Deno.args;
const [batch = 64, size = 32, classes = 100] = numbers.map(Number);
const gpu = await init();
const family = size > 64 ? "imagenet" : "cifar";
const model = createModel(name, { numClasses: classes, family }).requiresGrad_(false).eval();
const images = zeros([batch, 3, size, size]);
const folding = new Folding();
const logits = () => withoutPreact(() => model.forward(images).logits);
const bare = bareConvolutions(convolutionsOf(model));
const recordings = {
  bare: await gpu.record(() => noGrad(bare)),
  folded: await gpu.record(() => noGrad(() => void folding.run(logits).keep())),
  plain: await gpu.record(() => noGrad(() => void logits().keep())),
};
const times = { bare: [] as number[], folded: [] as number[], plain: [] as number[] };
for (let round = -1; round < ROUNDS; round++) {
  for (const [key, recording] of Object.entries(recordings)) {
    await gpu.finished();
    const start = clock();
    recording.replay();
    await gpu.finished();
    if (round >= 0) times[key as keyof typeof times].push(clock() - start);
  }
}
const least = (values: number[]) => Math.min(...values);
const ms = { bare: least(times.bare), folded: least(times.folded), plain: least(times.plain) };
const row = (key: keyof typeof ms, label: string) =>
  console.log(
    `${label.padEnd(28)} ${String(recordings[key].dispatches).padStart(5)} dispatches ` +
      `${ms[key].toFixed(1).padStart(9)} ms ${(ms[key] / ms.bare).toFixed(3).padStart(7)} ` +
      `${(1000 * batch / ms[key]).toFixed(0).padStart(8)} images/s`,
  );
console.log(`${name}, ${batch} images of ${size} x ${size}, on ${gpu.info.description}`);
row("bare", "bare convolutions");
row("folded", "forward, folded");
row("plain", "forward, not folded");
Deno.exit(0);

/** Milliseconds: of all threads of this process where they are the device. */
function clock(): number {
  if (!gpu.software) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The convolutions of a forward pass. */
function convolutionsOf(model: Model): Convolution[] {
  const found: Convolution[] = [];
  const op = (
    name: string,
    inputs: readonly { readonly shape: Shape }[],
    _outputs: unknown,
    attributes: object,
  ) => {
    if (name !== "conv2d") return;
    found.push({ input: inputs[0].shape, weight: inputs[1].shape, options: attributes });
  };
  gpu.dryRun(() =>
    noGrad(() => void withTracer({ op, write: () => {} }, () => model.forward(images)))
  );
  return found;
}

/** Runs them, with weights that are packed once. */
function bareConvolutions(convolutions: readonly Convolution[]): () => void {
  const inputs = new Map<string, Tensor>();
  const weights = convolutions.map(({ input, weight }) => {
    if (!inputs.has(String(input))) inputs.set(String(input), zeros(input));
    const made = zeros(weight);
    keepPacked(made);
    return { weight: made, bias: null };
  });
  return () =>
    convolutions.forEach(({ input, options }, i) =>
      conv2dWithEnding(inputs.get(String(input))!, weights[i], options).dispose()
    );
}
