import { assertEquals } from "@std/assert";
import { nearestName } from "../../src/registry/nearest_name.ts";

Deno.test("nearestName() takes the fewest edits, whatever the case", () => {
  assertEquals(nearestName("RESNET20", ["resnet8", "resnet20", "vgg13"]), "resnet20");
  assertEquals(nearestName("vg13", ["resnet8", "resnet20", "vgg13"]), "vgg13");
});
