import { assertEquals, assertThrows } from "@std/assert";
import { argmax } from "../../../src/ops/reduce/argmax.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { device, values } from "../../helpers.ts";
import { CASES, targets } from "./reduce_cases.ts";

await device();

Deno.test("argmax() finds the first of the largest along a dimension", async () => {
  for (const { shape, dims } of CASES) {
    if (Array.isArray(dims)) continue;
    // Few different values, so that there are ties.
    const data = values("x", shape).map((v) => Math.round(20 * v));
    const to = targets(shape, dims);
    const best: number[] = [];
    const largest: number[] = [];
    const seen: number[] = [];
    data.forEach((v, e) => {
      const place = seen[to[e]] = (seen[to[e]] ?? -1) + 1;
      if (v > (largest[to[e]] ?? -Infinity)) [largest[to[e]], best[to[e]]] = [v, place];
    });
    const y = argmax(tensor(data, shape), dims as number | undefined);
    assertEquals([...await y.data()], best, `${shape} along ${dims}`);
    assertEquals(y.dtype, "int32");
  }
});

Deno.test("argmax() without a dimension counts through all elements", async () => {
  const y = argmax(tensor([[1, 9, 3], [9, 2, 0]]));
  assertEquals([y.shape, await y.item()], [[], 1]);
});

Deno.test("argmax() drops the dimension and checks its arguments", () => {
  const x = tensor(values("x", [3, 2, 5]), [3, 2, 5]);
  assertEquals(argmax(x, 1).shape, [3, 5]);
  assertThrows(() => argmax(x, 3), RangeError, "out of range");
  assertThrows(() => argmax(tensor(Int32Array.of(1))), TypeError, "int32");
});
