import { assertEquals } from "@std/assert";
import { createModel, modelNames } from "../../src/models/registry.ts";
import { skipInit } from "../../src/nn/init.ts";
import { shapesOnly } from "../../src/tensor/shapes_only.ts";
import { zeros } from "../../src/tensor/create.ts";
import { judgeByOnePercent } from "./check_model.ts";
import { checkOnHardwareKernels } from "./check_on_hardware_kernels.ts";
import { ModelFigures } from "./reference.ts";

const figures = new ModelFigures("models_imagenet");

// tests/slow/models.ts checks all of them, more closely.
for (const name of ["ResNet18", "MobileNetV1"]) {
  Deno.test(`createModel("${name}") of ImageNet matches PyTorch forward and backward`, async () => {
    await checkOnHardwareKernels(figures, name, "imagenet", { judge: judgeByOnePercent });
  });
}

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
