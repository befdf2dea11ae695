import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Model } from "../../src/models/model.ts";
import { createModel, modelNames } from "../../src/models/registry.ts";
import { BatchNorm2d } from "../../src/nn/batch_norm2d.ts";
import { manualSeed } from "../../src/nn/init.ts";
import type { Module } from "../../src/nn/module.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { endStep } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { device, labels, relativeError, values } from "../helpers.ts";
import { checkModel, type DistantGradient } from "./check_model.ts";
import { Float64ResNet } from "./float64_resnet.ts";
import { ModelFigures, modelState, norm } from "./reference.ts";

const gpu = await device();
const figures = new ModelFigures("models_resnet");

for (const name of Object.keys(figures.cases)) {
  Deno.test(`createModel("${name}") matches PyTorch forward and backward`, async () => {
    const outputs = new Map<string, Tensor>();
    await checkModel(figures, name, {}, {
      watch: (model) => void watchNorms(model, outputs),
      judge: (model, distant) => judgeByTwin(name, model, distant, outputs),
    });
  });
}

/**
 * In a deep model a float32 pre-activation a few 1e-6 from zero may fall on the other side than in float64 and move
 * norms by more than 1e-3; such a gradient must then agree to 1e-4 with a float64 model whose ReLUs let through what
 * they let through here.
 */
async function judgeByTwin(
  name: string,
  model: Model,
  distant: readonly DistantGradient[],
  outputs: ReadonlyMap<string, Tensor>,
): Promise<void> {
  const { input, shape, labels: target, train } = figures.cases[name];
  const masks = await readAll(outputs, (output) => output);
  const twin = new Float64ResNet(modelState(name, model.stateDict()), masks)
    .run(values(input, shape, 1.7), shape, labels(target, 4, 100));
  assert(twin.flips.length > 0 && twin.flips.length <= 10, `${twin.flips.length} ReLUs differ`);
  for (const { at, preactivation } of twin.flips) {
    assert(Math.abs(preactivation) < 5e-5, `${at}: ${preactivation} is not near zero`);
  }
  for (const { key, l2 } of distant) {
    const expected = twin.gradientNorms.get(key) ?? train.grads[key].l2;
    const off = Math.abs(l2 - expected);
    assert(off <= 1e-4 * expected, `${key}: gradient norm ${l2}, not ${expected}`);
  }
}

async function readAll(
  tensors: ReadonlyMap<string, Tensor>,
  pick: (tensor: Tensor) => Tensor,
): Promise<Map<string, ArrayLike<number>>> {
  return new Map(
    await Promise.all(
      [...tensors].map(async ([key, tensor]) => [key, await pick(tensor).data()] as const),
    ),
  );
}

/** Outputs of all batch norms from the next forward on, by name. */
function watchNorms(
  module: Module,
  outputs: Map<string, Tensor> = new Map(),
  path = "",
): Map<string, Tensor> {
  for (const [name, child] of module.namedChildren()) {
    watchNorms(child, outputs, `${path}${name}.`);
    if (!(child instanceof BatchNorm2d)) continue;
    const forward = child.forward.bind(child);
    child.forward = (x, epilogue) => {
      const output = forward(x, epilogue);
      outputs.set(path + name, output);
      return output;
    };
  }
  return outputs;
}

Deno.test("Float64ResNet, which judges deep models, has PyTorch's gradients", () => {
  const { input, shape, labels: target, classes, train } = figures.cases.resnet8;
  const model = createModel("resnet8", { numClasses: classes });
  const twin = new Float64ResNet(modelState("resnet8", model.stateDict()), null)
    .run(values(input, shape, 1.7), shape, labels(target, shape[0], classes));
  assertAlmostEquals(twin.loss, train.loss, 1e-12);
  for (const [key, l2] of twin.gradientNorms) assertAlmostEquals(l2, train.grads[key].l2, 1e-12);
  assertEquals(twin.gradientNorms.size, 18);
  model.dispose();
});

Deno.test("createModel() makes every ResNet with the channels and classes asked for", async () => {
  for (const name of modelNames().filter((each) => /^resnet\d+(x4)?$/.test(each))) {
    const model = createModel(name, { numClasses: 7, inChannels: 1 }).eval();
    const convolutions = [...model.stateDict().keys()].filter((key) => /conv\d\.weight$/.test(key));
    assertEquals(convolutions.length, Number(/\d+/.exec(name)![0]) - 1, name);
    const { logits, features } = noGrad(() =>
      model.forward(tensor(values("x", [2, 1, 8, 8]), [2, 1, 8, 8]))
    );
    assertEquals(logits.shape, [2, 7]);
    assertEquals(features.feats.map((f) => f.shape[1]), [...model.stageChannels]);
    assert((await logits.data()).every(Number.isFinite), name);
    model.dispose();
    endStep();
  }
});

Deno.test("createModel() initialises as the authors do, the same for the same seed", async () => {
  const weights = async (seed: number) => {
    manualSeed(seed);
    const model = createModel("resnet8");
    const state = model.stateDict();
    const data = await state.get("layer3.0.conv2.weight")!.data();
    assertEquals(new Set(await state.get("bn1.weight")!.data()), new Set([1]));
    assertEquals(new Set(await state.get("bn1.bias")!.data()), new Set([0]));
    model.dispose();
    return data;
  };
  const first = await weights(3);
  assertEquals(await weights(3), first);
  assert(relativeError(await weights(4), first) > 0.5);
  // Kaiming normal, fan out, ReLU: std sqrt(2 / (64 * 9)); 36,864 values settle it to 2 %.
  assertAlmostEquals(norm(first) / Math.sqrt(first.length), Math.sqrt(2 / (64 * 9)), 0.02 * 0.059);
});

Deno.test("CifarResNet leaves no memory behind", () => {
  endStep();
  const before = gpu.account.inUse;
  const model = createModel("resnet8");
  noGrad(() => {
    model.eval().forward(tensor(values("x", [1, 3, 8, 8]), [1, 3, 8, 8]));
  });
  model.dispose();
  endStep();
  assertEquals(gpu.account.inUse, before);
});
