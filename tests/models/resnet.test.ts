import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createModel, modelNames } from "../../src/models/registry.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { endStep } from "../../src/tensor/scope.ts";
import { device, labels, relativeError, values } from "../helpers.ts";
import { checkResNet, RESNETS } from "./check_resnet.ts";
import { Float64ResNet } from "./float64_resnet.ts";
import { modelState, norm } from "./reference.ts";

const gpu = await device();

// The gradients of resnet32x4, which takes seconds in float64, are tests/slow's; its outputs are in every step that it teaches.
for (const name of Object.keys(RESNETS.cases).filter((each) => each !== "resnet32x4")) {
  Deno.test(`createModel("${name}") matches PyTorch forward and backward`, () => checkResNet(name));
}

Deno.test("Float64ResNet, which judges deep models, has PyTorch's gradients", () => {
  const { input, shape, labels: target, classes, train } = RESNETS.cases.resnet8;
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
