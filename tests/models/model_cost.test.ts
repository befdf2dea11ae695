import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { modelCost, modelShapes } from "../../src/models/model_cost.ts";
import { createModel, modelNames } from "../../src/models/registry.ts";
import { device } from "../helpers.ts";

await device();

Deno.test("modelCost() has the published parameters and multiply-adds", () => {
  // torchvision's documentation: parameters, and GFLOPS (multiply-adds) to two digits.
  const published = [
    ["ResNet18", 11689512, 1.81],
    ["ResNet34", 21797672, 3.66],
    ["ResNet50", 25557032, 4.09],
    ["ResNet101", 44549160, 7.8],
  ] as const;
  for (const [name, parameters, giga] of published) {
    const cost = modelCost(name, { family: "imagenet" });
    assertEquals(cost.parameters, parameters, name);
    assertEquals(Math.round(cost.multiplyAdds / 1e7) / 100, giga, name);
    assertEquals(cost.imageSize, 224);
  }
});

Deno.test("modelCost() counts convolutions with their groups and the classifier by hand", () => {
  // vgg8 on 8 x 8 images: five 3 x 3 convolutions and the classifier.
  const planes = 64 * (3 * 64) + 16 * (64 * 128) + 4 * (128 * 256) + 256 * 512 + 512 * 512;
  const cost = modelCost("vgg8", { imageSize: 8, numClasses: 10 });
  assertEquals(cost.multiplyAdds, 9 * planes + 512 * 10);
  const wide = modelCost("MobileNetV1", { numClasses: 10 }).multiplyAdds;
  assertEquals(wide - modelCost("MobileNetV1", { numClasses: 1 }).multiplyAdds, 9 * 1024);
});

Deno.test("modelShapes() gives the names and shapes of the state dict", () => {
  for (const name of ["resnet8", "MobileNetV2"]) {
    const options = { numClasses: 5, inChannels: 1 };
    const model = createModel(name, options);
    const shapes = [...model.stateDict()].map(([key, { shape }]) => [key, shape] as const);
    assertEquals([...modelShapes(name, options)], shapes);
    model.dispose();
  }
  for (const name of modelNames()) assertEquals(modelShapes(name).size > 0, true, name);
});

Deno.test("modelCost() and modelShapes() refuse an unknown name", () => {
  assertThrows(() => modelCost("resnet9"), UserError, "did you mean resnet8?");
  assertThrows(() => modelShapes("resnet9"), UserError, "did you mean resnet8?");
});
