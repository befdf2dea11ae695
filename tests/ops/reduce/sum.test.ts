import { assertEquals } from "@std/assert";
import { reduce, type Reduction } from "../../../src/ops/reduce/reduce.ts";
import { sum } from "../../../src/ops/reduce/sum.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { assertClose, device, values } from "../../helpers.ts";
import { checkReduction, checkReductionRules } from "./reduce_cases.ts";

await device();

Deno.test("sum() adds over any dimensions and spreads the gradient", async () => {
  await checkReduction(sum, (group) => group.reduce((a, b) => a + b, 0), () => 1);
});

Deno.test("sum() checks its arguments and is deterministic", async () => {
  await checkReductionRules(sum);
});

Deno.test("sum() stays accurate over a million elements", async () => {
  const total = await sum(tensor(new Float32Array(1 << 20).fill(0.1))).item();
  assertClose([total], [(1 << 20) * Math.fround(0.1)], 1e-6);
});

Deno.test("sum() does not read past the last element", async () => {
  const recycled = tensor(new Float32Array(1024).fill(NaN));
  recycled.dispose();
  assertEquals(await sum(tensor(Float32Array.of(1, 2, 3, 4, 5))).item(), 15);
});

const layouts = [
  { outer: 3, count: 130, inner: 1 },
  { outer: 2, count: 64, inner: 1 },
  { outer: 1, count: 1003, inner: 1 },
  { outer: 5, count: 3, inner: 1 },
];

Deno.test("reduce() gives the same with every kernel and any number of parts", async () => {
  for (const layout of layouts) {
    const { outer, count } = layout;
    const data = values("x", [outer, count]).map((v) => Math.round(4 * v) / 4);
    const x = tensor(data);
    const middle = Float32Array.from({ length: outer }, (_, o) => data[o * count]);
    const center = tensor(middle);
    const reference: Record<Reduction, (row: Float32Array, middle: number) => number> = {
      sum: (row) => row.reduce((a, b) => a + b, 0),
      max: (row) => Math.max(...row),
      ties: (row, m) => row.filter((v) => v === m).length,
      squares: (row, m) => row.reduce((a, b) => a + (b - m) ** 2, 0),
    };
    for (const reduction of ["sum", "max", "ties", "squares"] as const) {
      const expected = Array.from(
        middle,
        (m, o) => reference[reduction](data.subarray(o * count, (o + 1) * count), m),
      );
      const needs = reduction === "ties" || reduction === "squares" ? { center } : {};
      for (const variant of ["thread", "tree"] as const) {
        for (const splits of [1, 3]) {
          const y = reduce(x, layout, reduction, { variant, splits, ...needs });
          assertClose(
            await y.data(),
            expected,
            1e-5,
            `${reduction} ${variant} ${splits} ${count}:`,
          );
        }
      }
    }
  }
});
