import { assertEquals } from "@std/assert";
import { div, eq, ge, gt, le, lt, ne } from "../../src/ops/binary.ts";
import { tensor } from "../../src/tensor/create.ts";
import { device } from "../helpers.ts";
import { checkBinaryRefusals } from "./elementwise_cases.ts";

const gpu = await device();

// Values and gradients of all ops of the table are compared with PyTorch's in elementwise_reference.test.ts.

Deno.test("comparisons take numbers, broadcast, and have float32 results without gradient", async () => {
  const a = tensor([[1, 2, 3], [3, 2, 1]], null, { requiresGrad: true });
  const row = tensor([2, 2, 3]);
  assertEquals([...await lt(a, 2).data()], [1, 0, 0, 0, 0, 1]);
  assertEquals([...await le(a, row).data()], [1, 1, 1, 0, 1, 1]);
  assertEquals([...await gt(row, a).data()], [1, 0, 0, 0, 0, 1]);
  assertEquals([...await ge(a, row).data()], [0, 1, 1, 1, 1, 0]);
  assertEquals([...await eq(a, row).data()], [0, 1, 1, 0, 1, 0]);
  const differs = ne(a, row);
  assertEquals([...await differs.data()], [1, 0, 0, 1, 0, 1]);
  assertEquals([differs.requiresGrad, differs.dtype], [false, "float32"]);
});

Deno.test({
  name: "div() of float16 has gradients of float16, rounded once",
  ignore: !gpu.half,
  async fn() {
    const [a, b] = [[1, 2, 3], [3, 4, 0.1]].map((data) =>
      tensor(data, null, { dtype: "float16", requiresGrad: true })
    );
    div(a, b).backward({ gradient: tensor([1, 1, 1], null, { dtype: "float16" }) });
    const divisor = [3, 4, Math.f16round(0.1)];
    const expected = (value: (b: number, i: number) => number) =>
      Float32Array.from(divisor, (b, i) => Math.f16round(value(b, i)));
    assertEquals([a.grad!.dtype, b.grad!.dtype], ["float16", "float16"]);
    assertEquals(await a.grad!.data(), expected((b) => 1 / b));
    assertEquals(await b.grad!.data(), expected((b, i) => -(i + 1) / b ** 2));
  },
});

Deno.test("comparisons refuse shapes that do not broadcast and integers", () => {
  for (const [name, op] of Object.entries({ lt, le, gt, ge, eq, ne })) {
    checkBinaryRefusals(op, name);
  }
});

Deno.test({
  name: "comparisons of float16 are float32, and those with float32 too",
  ignore: !gpu.half,
  async fn() {
    const half = tensor([1, 2, 3], null, { dtype: "float16" });
    for (const other of [half.mul(0).add(2), tensor([2, 2, 2]), 2]) {
      const y = lt(half, other);
      assertEquals([y.dtype, ...await y.data()], ["float32", 1, 0, 0]);
    }
    // A row against a column: both repeated.
    const table = eq(half, half.reshape(3, 1));
    assertEquals([...await table.data()], [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  },
});
