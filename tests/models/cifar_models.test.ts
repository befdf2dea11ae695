import { assertAlmostEquals, assertEquals } from "@std/assert";
import { createModel, modelNames } from "../../src/models/registry.ts";
import { manualSeed, skipInit } from "../../src/nn/init.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
import { endStep } from "../../src/tensor/scope.ts";
import { shapesOnly } from "../../src/tensor/shapes_only.ts";
import { device, values } from "../helpers.ts";
import { checkModel } from "./check_model.ts";
import { ModelFigures, norm } from "./reference.ts";

const gpu = await device();
const figures = new ModelFigures("models_cifar");

// ResNet50 compiles for most of a minute, and the others are deeper ones of their kind: tests/slow/models.ts checks them.
const SLOW = ["ResNet50", "vgg13", "wrn_40_2"];
for (const name of Object.keys(figures.cases).filter((name) => !SLOW.includes(name))) {
  Deno.test(`createModel("${name}") matches PyTorch forward and backward`, async () => {
    await checkModel(figures, name);
  });
}

const optionA = new ModelFigures("models_option_a");

for (const name of Object.keys(optionA.cases)) {
  Deno.test(`createModel("${name}") matches PyTorch forward and backward`, async () => {
    await checkModel(optionA, name);
  });
}

Deno.test("createModel() makes models for other channels, classes and sizes", () => {
  for (const name of modelNames("cifar")) {
    shapesOnly(() => {
      const model = skipInit(() => createModel(name, { numClasses: 7, inChannels: 1 }));
      const { logits, features } = model.forward(zeros([2, 1, 28, 28]));
      assertEquals(logits.shape, [2, 7], name);
      assertEquals(features.feats.map((f) => f.shape[1]), [...model.stageChannels], name);
      assertEquals(model.classifier.weight.shape, [7, features.pooledFeat.shape[1]], name);
    });
  }
});

Deno.test("Vgg pools once more for images of 64 x 64", () => {
  const planes = (size: number) =>
    shapesOnly(() => {
      const model = skipInit(() => createModel("vgg8"));
      return model.forward(zeros([2, 3, size, size])).features.feats.map((f) => f.shape[2]);
    });
  assertEquals(planes(32), [32, 16, 8, 4, 4]);
  assertEquals(planes(64), [64, 32, 16, 8, 4]);
});

Deno.test("the models' convolutions and classifiers are initialised as the authors do", async () => {
  // Standard deviations: sqrt(2 / (k * k * out)) or PyTorch's sqrt(1 / (3 * in * k * k)), 0.01 for small classifiers.
  const expected = [
    ["wrn_16_2", "block3.layer.1.conv1.weight", Math.sqrt(2 / (9 * 128))],
    ["vgg8", "block4.0.weight", Math.sqrt(2 / (9 * 512))],
    ["vgg8", "classifier.weight", 0.01],
    ["MobileNetV2", "conv2.0.weight", Math.sqrt(2 / 1280)],
    ["MobileNetV2", "blocks.5.1.conv.3.weight", Math.sqrt(2 / (9 * 480))],
    ["MobileNetV2", "classifier.0.weight", 0.01],
    ["ShuffleV1", "layer3.1.conv3.weight", Math.sqrt(1 / (3 * 80))],
    ["ShuffleV2", "conv2.weight", Math.sqrt(1 / (3 * 464))],
  ] as const;
  for (const [name, key, deviation] of expected) {
    manualSeed(1);
    const model = createModel(name);
    const weight = await model.stateDict().get(key)!.data();
    const found = norm(weight) / Math.sqrt(weight.length);
    assertAlmostEquals(found, deviation, 0.04 * deviation, `${name} ${key}`);
    model.dispose();
  }
});

Deno.test("biases that the authors set to zero are zero", async () => {
  const expected = [
    ["wrn_16_1", "fc.bias"],
    ["vgg8", "block2.0.bias"],
    ["MobileNetV2", "classifier.0.bias"],
  ] as const;
  for (const [name, key] of expected) {
    const model = createModel(name);
    assertEquals(new Set(await model.stateDict().get(key)!.data()), new Set([0]), name);
    model.dispose();
  }
});

Deno.test("CIFAR models leave no memory behind", () => {
  endStep();
  const before = gpu.account.inUse;
  for (
    const name of modelNames("cifar").filter((each) => /^(wrn_16_1|Shuffle|Mobile)/.test(each))
  ) {
    const model = createModel(name);
    const images = tensor(values("x", [1, 3, 16, 16]), [1, 3, 16, 16]);
    noGrad(() => {
      model.eval().forward(images);
    });
    for (const each of [model, images]) each.dispose();
    endStep();
    assertEquals(gpu.account.inUse, before, name);
  }
});
