import { assertEquals } from "@std/assert";
import { createModel, modelNames } from "../../src/models/registry.ts";
import { skipInit } from "../../src/nn/init.ts";
import { shapesOnly } from "../../src/tensor/shapes_only.ts";
import { zeros } from "../../src/tensor/create.ts";
import { judgeByOnePercent } from "./check_model.ts";
import { checkOnHardwareKernels } from "./check_on_hardware_kernels.ts";
import { ModelFigures } from "./reference.ts";

const figures = new ModelFigures("models_imagenet");

// tests/slow/models.ts checks the others, which take minutes, and this one more closely.
Deno.test('createModel("MobileNetV1") of ImageNet matches PyTorch forward and backward', async () => {
  await checkOnHardwareKernels(figures, "MobileNetV1", "imagenet", { judge: judgeByOnePercent });
});

Deno.test("ImageNet's models have torchvision's names and the features of their stages", () => {
  for (const name of modelNames("imagenet")) {
    shapesOnly(() => {
      const model = skipInit(() => createModel(name, { family: "imagenet", numClasses: 10 }));
      const { logits, features } = model.forward(zeros([2, 3, 224, 224]));
      assertEquals(logits.shape, [2, 10]);
      assertEquals(features.feats.map((f) => f.shape[1]), [...model.stageChannels]);
      assertEquals(features.feats.at(-1)!.shape.slice(2), [7, 7]);
      assertEquals(features.preactFeats.map((f) => f.shape), features.feats.map((f) => f.shape));
    });
  }
});
