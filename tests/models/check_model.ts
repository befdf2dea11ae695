import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Model, ModelOutput } from "../../src/models/model.ts";
import type { CreateModelOptions } from "../../src/models/registry.ts";
import { createModel } from "../../src/models/registry.ts";
import { Folding } from "../../src/nn/folding.ts";
import { skipInit } from "../../src/nn/init.ts";
import { crossEntropy } from "../../src/ops/softmax/cross_entropy.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { endStep } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertClose, labels, values } from "../helpers.ts";
import { assertSummary, type ModelCase, type ModelFigures, modelState, norm } from "./reference.ts";

/** A gradient whose norm is not what the figures say. */
export interface DistantGradient {
  key: string;
  l2: number;
  expected: number;
  /** What the difference is measured by where `expected` is smaller. */
  floor: number;
}

/** Images and their labels. */
export interface Batch {
  images: Tensor;
  target: Tensor;
}

/** What a check does beside comparing. */
export interface ModelChecks {
  /** Called before the training forward. */
  watch?: (model: Model) => void;
  /** Judges gradients that are off; default {@linkcode judgeByNearbyImages}. */
  judge?: (model: Model, distant: readonly DistantGradient[], batch: Batch) => Promise<void>;
}

/** Compares a model with the reference figures: names, evaluation, a training step. */
export async function checkModel(
  figures: ModelFigures,
  name: string,
  options: CreateModelOptions = {},
  checks: ModelChecks = {},
): Promise<void> {
  const expected = figures.cases[name];
  const model = skipInit(() => createModel(name, { numClasses: expected.classes, ...options }));
  const images = tensor(values(expected.input, expected.shape, 1.7), expected.shape);
  const target = tensor(labels(expected.labels, expected.shape[0], expected.classes));
  model.loadStateDict(modelState(name, model.stateDict()));
  assertNames(model, expected);
  await assertEval(model, images, expected, figures.logits(name, "eval"));
  checks.watch?.(model);
  const batch = { images, target };
  await assertTraining(model, batch, expected, figures.logits(name, "train"), checks);
  for (const parameter of model.parameters()) parameter.grad?.dispose();
  for (const each of [model, images, target]) each.dispose();
  endStep();
}

function assertNames(model: Model, { train, params }: ModelCase): void {
  assertEquals([...model.namedParameters().keys()], Object.keys(train.grads));
  assertEquals([...model.namedBuffers().keys()], Object.keys(train.buffers));
  for (const [key, { shape }] of Object.entries({ ...train.grads, ...train.buffers })) {
    assertEquals([...model.stateDict().get(key)!.shape], shape, key);
  }
  assertEquals(model.parameterCount(), params);
}

async function assertEval(
  model: Model,
  images: Tensor,
  expected: ModelCase,
  expectedLogits: Float32Array,
): Promise<void> {
  model.eval();
  await assertOutput(noGrad(() => model.forward(images)), model, expected, expectedLogits);
  const folding = new Folding();
  const folded = noGrad(() => folding.run(() => model.forward(images)));
  await assertOutput(folded, model, expected, expectedLogits);
  folding.dispose();
}

async function assertOutput(
  { logits, features }: ModelOutput,
  model: Model,
  expected: ModelCase,
  expectedLogits: Float32Array,
): Promise<void> {
  assertClose(await logits.data(), expectedLogits, 5e-6, "eval logits:");
  const { feats, preact_feats: preactFeats, pooled_feat: pooledFeat } = expected.eval;
  assertEquals(features.feats.length, feats.length);
  assertEquals(features.preactFeats.length, preactFeats.length);
  assertEquals(features.feats.map((f) => f.shape[1]), [...model.stageChannels]);
  for (const [i, feat] of feats.entries()) {
    await assertSummary(features.feats[i], feat, 5e-6, `feats[${i}]`);
  }
  for (const [i, feat] of preactFeats.entries()) {
    await assertSummary(features.preactFeats[i], feat, 5e-6, `preactFeats[${i}]`);
  }
  await assertSummary(features.pooledFeat, pooledFeat, 5e-6, "pooledFeat");
}

async function assertTraining(
  model: Model,
  batch: Batch,
  { train }: ModelCase,
  expectedLogits: Float32Array,
  { judge = judgeByNearbyImages }: ModelChecks,
): Promise<void> {
  model.train();
  const { logits, features } = model.forward(batch.images);
  const loss = crossEntropy(logits, batch.target);
  assertClose(await logits.data(), expectedLogits, 1e-4, "train logits:");
  assertAlmostEquals(await loss.item(), train.loss, 1e-4 * train.loss);
  for (const [i, feat] of train.feats.entries()) {
    await assertSummary(features.feats[i], feat, 1e-4, `train feats[${i}]`);
  }
  loss.backward();
  for (const [key, buffer] of model.namedBuffers()) {
    await assertSummary(buffer, train.buffers[key], 1e-4, key);
  }
  const distant = await distantGradients(model, train.grads);
  if (distant.length > 0) await judge(model, distant, batch);
}

/** Gradients whose norm is further than 1e-3 from PyTorch's; true zeros are measured by the largest norm. */
async function distantGradients(
  model: Model,
  expected: ModelCase["train"]["grads"],
): Promise<DistantGradient[]> {
  const floor = 1e-4 * Math.max(...Object.values(expected).map(({ l2 }) => l2));
  const found = [...await gradientNorms(model)].map(([key, l2]) => {
    return { key, l2, expected: expected[key].l2, floor };
  });
  return found.filter((each) => off(each) > 1e-3);
}

async function gradientNorms(model: Model): Promise<Map<string, number>> {
  const norms = [...model.namedParameters()].map(async ([key, { grad }]) => {
    return [key, norm(await grad!.data())] as const;
  });
  return new Map(await Promise.all(norms));
}

function off({ l2, expected, floor }: DistantGradient): number {
  const error = Math.abs(l2 - expected) / Math.max(expected, floor);
  return Number.isNaN(error) ? Infinity : error;
}

/** Two units in the last place of a pixel near 1.7. */
const ROUNDING = 3e-7;
const ATTEMPTS = 16;

/**
 * A float32 pre-activation a few 1e-6 from zero may fall on the other side than in float64, and its gradient with it.
 * So the norms are taken again for images that differ by no more than rounding: PyTorch's must be within 1e-3 of one of
 * them, or no further from their range than twice its width, and all of them within 3 %.
 */
async function judgeByNearbyImages(
  model: Model,
  distant: readonly DistantGradient[],
  { images, target }: Batch,
): Promise<void> {
  const pixels = await images.data();
  let open = distant.map((gradient) => ({ ...gradient, low: gradient.l2, high: gradient.l2 }));
  for (let attempt = 1; attempt <= ATTEMPTS && open.length > 0; attempt++) {
    const noise = values(`noise ${attempt}`, images.shape, ROUNDING);
    const moved = Float32Array.from(pixels, (pixel, i) => pixel + noise[i]);
    const norms = await gradientNormsFor(model, moved, { images, target });
    open = open.filter((gradient) => {
      const l2 = norms.get(gradient.key)!;
      gradient.low = Math.min(gradient.low, l2);
      gradient.high = Math.max(gradient.high, l2);
      const { key, low, high, expected } = gradient;
      const error = off({ ...gradient, l2 });
      assert(error < 0.03, `${key}: gradient norm ${l2}, not ${expected}`);
      const reach = 2 * (high - low);
      return error > 1e-3 && (expected < low - reach || expected > high + reach);
    });
  }
  const some = open.slice(0, 8).map(({ key, l2, expected }) => `${key} ${l2}, not ${expected}`);
  assert(open.length === 0, `gradient norms of ${open.length} parameters: ${some.join("; ")}`);
}

/** For models whose step takes long: norms within 1 %, which a few ReLUs on the other side cannot pass. */
export function judgeByOnePercent(
  _model: Model,
  distant: readonly DistantGradient[],
): Promise<void> {
  for (const gradient of distant) {
    const { key, l2, expected } = gradient;
    assert(off(gradient) < 0.01, `${key}: gradient norm ${l2}, not ${expected}`);
  }
  return Promise.resolve();
}

async function gradientNormsFor(
  model: Model,
  pixels: Float32Array,
  { images, target }: Batch,
): Promise<Map<string, number>> {
  for (const parameter of model.parameters()) {
    parameter.grad?.dispose();
    parameter.grad = null;
  }
  endStep();
  const moved = tensor(pixels, images.shape);
  crossEntropy(model.forward(moved).logits, target).backward();
  const norms = await gradientNorms(model);
  moved.dispose();
  return norms;
}
