import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { type ModelFamily, modelFamily } from "../../src/models/family.ts";
import { createModel, familyOf, modelNames } from "../../src/models/registry.ts";
import { modelOf } from "../../src/run/models/load_model.ts";

Deno.test("createModel() refuses an unknown name with the nearest one and all there are", () => {
  const error = assertThrows(() => createModel("resnet8X4x"), UserError, 'no model "resnet8X4x"');
  assertEquals(error.message.includes("did you mean resnet8x4?"), true, error.message);
  for (const name of modelNames()) assertEquals(error.message.includes(name), true, name);
});

Deno.test("createModel() does not take names that every object has", () => {
  assertThrows(() => createModel("constructor"), UserError, "no model");
});

Deno.test("modelNames() has the authors' names, each once", () => {
  assertEquals(modelNames("imagenet"), [
    "ResNet18",
    "ResNet34",
    "ResNet50",
    "ResNet101",
    "MobileNetV1",
  ]);
  assertEquals(modelNames("cifar").length, 28);
  assertEquals(modelNames().length, 31);
  assertEquals(new Set(modelNames()).size, 31);
});

Deno.test("familyOf() takes the family asked for, or the one that has the name", () => {
  assertEquals(familyOf("ResNet18"), "cifar");
  assertEquals(familyOf("ResNet18", "imagenet"), "imagenet");
  assertEquals(familyOf("MobileNetV1", "cifar"), "imagenet");
  assertEquals(familyOf("resnet8x4", "imagenet"), "cifar");
  assertThrows(() => familyOf("ResNet19", "imagenet"), UserError, "did you mean ResNet18?");
});

Deno.test("modelFamily() goes by the size of the images, modelOf() by the data set where that says it", () => {
  assertEquals([28, 32, 64, 65, 224].map(modelFamily), [
    ...["cifar", "cifar", "cifar", "imagenet", "imagenet"],
  ] as ModelFamily[]);
  const images = { labels: new Int32Array(1), length: 1, channels: 3, classes: ["a"] };
  const family = (name: string, side: number, wanted?: ModelFamily) => {
    const size = { height: side, width: side, mean: [], std: [] };
    return modelOf("ResNet18", { ...images, ...size, name: `${name}/train` }, wanted).family;
  };
  assertEquals(family("imagenet", 64), "imagenet");
  assertEquals(family("image_folder", 64), "cifar");
  assertEquals(family("image_folder", 224), "imagenet");
  assertEquals(family("cifar100", 32), "cifar");
  assertEquals(family("cifar100", 32, "imagenet"), "imagenet");
  assertEquals(family("imagenet", 224, "cifar"), "cifar");
});
