import { assertEquals } from "@std/assert";
import {
  add,
  type BinaryOp,
  div,
  eq,
  ge,
  gt,
  le,
  lt,
  maximum,
  minimum,
  mul,
  ne,
  sub,
} from "../../../src/ops/elementwise/binary.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { assertClose, device, values } from "../../helpers.ts";
import { checkBinary, checkBinaryGradients, checkBinaryRefusals } from "./elementwise_cases.ts";

const gpu = await device();

// At ties, infinities and NaN: elementwise_reference.test.ts.

/** An op of the table, and its derivatives by both. */
interface Case {
  readonly op: BinaryOp;
  readonly value: (a: number, b: number) => number;
  readonly slopes: (a: number, b: number) => readonly [number, number];
}

const CASES: Readonly<Record<string, Case>> = {
  add: { op: add, value: (a, b) => a + b, slopes: () => [1, 1] },
  sub: { op: sub, value: (a, b) => a - b, slopes: () => [1, -1] },
  mul: { op: mul, value: (a, b) => a * b, slopes: (a, b) => [b, a] },
  div: { op: div, value: (a, b) => a / b, slopes: (a, b) => [1 / b, -a / b ** 2] },
  maximum: { op: maximum, value: Math.max, slopes: (a, b) => a > b ? [1, 0] : [0, 1] },
  minimum: { op: minimum, value: Math.min, slopes: (a, b) => a < b ? [1, 0] : [0, 1] },
};

for (const [name, { op, value, slopes }] of Object.entries(CASES)) {
  Deno.test(`${name}() computes its formula of one shape and broadcast`, async () => {
    await checkBinary(op, value);
  });

  Deno.test(`${name}() takes a number`, async () => {
    const x = values("x", [1025], 3);
    const expected = Float64Array.from(x, (v) => value(v, 2.5));
    assertClose(await op(tensor(x), 2.5).data(), expected, 1e-6);
    const [leaf, dy] = [tensor(x, null, { requiresGrad: true }), values("dy", [1025])];
    op(leaf, 2.5).backward({ gradient: tensor(dy) });
    const gradient = Float64Array.from(dy, (d, i) => d * slopes(x[i], 2.5)[0]);
    assertClose(await leaf.grad!.data(), gradient, 1e-6);
  });

  Deno.test(`${name}() has the gradients of its formula, summed where broadcast`, async () => {
    await checkBinaryGradients(op, slopes);
  });

  Deno.test(`${name}() refuses shapes that do not broadcast and integers`, () => {
    checkBinaryRefusals(op, name);
  });
}

Deno.test("ops of a tensor with itself have both gradients", async () => {
  const expected = {
    add: [2, 2],
    sub: [0, 0],
    mul: [6, -4],
    div: [0, 0],
    maximum: [1, 1],
    minimum: [1, 1],
  };
  for (const [name, wanted] of Object.entries(expected)) {
    const x = tensor([3, -2], null, { requiresGrad: true });
    CASES[name].op(x, x).backward({ gradient: tensor([1, 1]) });
    assertEquals([...await x.grad!.data()], wanted, name);
  }
});

Deno.test("maximum() and minimum() split the gradient where both are equal", async () => {
  for (
    const [op, byA, byB] of [[maximum, [0.5, 1, 0], [0.5, 0, 1]], [minimum, [0.5, 0, 1], [
      0.5,
      1,
      0,
    ]]] as const
  ) {
    const a = tensor([1, 5, 2], null, { requiresGrad: true });
    const b = tensor([1, 4, 3], null, { requiresGrad: true });
    op(a, b).backward({ gradient: tensor([1, 1, 1]) });
    assertEquals([...await a.grad!.data()], [...byA]);
    assertEquals([...await b.grad!.data()], [...byB]);
  }
});

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
