import { assertEquals, assertThrows } from "@std/assert";
import { addInPlace } from "../../../src/ops/elementwise/add_in_place.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { device, values } from "../../helpers.ts";
import { SIZES } from "./elementwise_cases.ts";

await device();

Deno.test("addInPlace() adds to the memory of the target", async () => {
  for (const size of SIZES) {
    const [a, b] = [values("a", [size]), values("b", [size])];
    const target = tensor(a);
    const view = target.detach();
    addInPlace(target, tensor(b));
    assertEquals(await view.data(), a.map((v, i) => v + b[i]));
  }
});

Deno.test("addInPlace() doubles a tensor that is added to itself", async () => {
  const a = values("a", [1025]);
  const target = tensor(a);
  addInPlace(target, target.detach());
  assertEquals(await target.data(), a.map((v) => 2 * v));
});

Deno.test("addInPlace() refuses other shapes and integers", () => {
  const a = tensor([1, 2]);
  assertThrows(() => addInPlace(a, tensor([1])), RangeError, "addInPlace() of shape [1] to [2]");
  assertThrows(() => addInPlace(a, tensor(Int32Array.of(1, 2))), TypeError, "not int32");
});
