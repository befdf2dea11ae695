import { assertEquals, assertThrows } from "@std/assert";
import { nearestName } from "../../src/models/nearest_name.ts";
import { createModel, modelNames } from "../../src/models/registry.ts";

Deno.test("createModel() refuses an unknown name with the nearest one and all there are", () => {
  const error = assertThrows(() => createModel("resnet8X4x"), RangeError, 'no model "resnet8X4x"');
  assertEquals(error.message.includes("did you mean resnet8x4?"), true, error.message);
  for (const name of modelNames()) assertEquals(error.message.includes(name), true, name);
});

Deno.test("createModel() does not take names that every object has", () => {
  assertThrows(() => createModel("constructor"), RangeError, "no model");
});

Deno.test("nearestName() takes the fewest edits, whatever the case", () => {
  assertEquals(nearestName("RESNET20", ["resnet8", "resnet20", "vgg13"]), "resnet20");
  assertEquals(nearestName("vg13", ["resnet8", "resnet20", "vgg13"]), "vgg13");
});
