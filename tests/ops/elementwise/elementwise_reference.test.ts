import { assert, assertEquals } from "@std/assert";
import * as binary from "../../../src/ops/elementwise/binary.ts";
import { pow } from "../../../src/ops/elementwise/pow.ts";
import * as unary from "../../../src/ops/elementwise/unary.ts";
import { tensor } from "../../../src/tensor/create.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import fixture from "../../fixtures/ops/elementwise.json" with { type: "json" };
import { device } from "../../helpers.ts";

const gpu = await device();

/** By the names of the fixture, which PyTorch made in float64 (`tests/fixtures/ops/make_elementwise.py`). */
const UNARY: Readonly<Record<keyof typeof fixture.unary, unary.UnaryOp>> = {
  abs: unary.abs,
  clamp: (x) => unary.clamp(x, -1.1, 6.1),
  exp: unary.exp,
  gelu: unary.gelu,
  geluTanh: (x) => unary.gelu(x, { approximate: "tanh" }),
  log: unary.log,
  pow0: (x) => pow(x, 0),
  pow2: (x) => pow(x, 2),
  pow3: (x) => pow(x, 3),
  pow20: (x) => pow(x, 20),
  pow21: (x) => pow(x, 21),
  powMinus1: (x) => pow(x, -1),
  "pow1.7": (x) => pow(x, 1.7),
  "pow2.5": (x) => pow(x, 2.5),
  "powMinus0.25": (x) => pow(x, -0.25),
  relu: unary.relu,
  relu6: unary.relu6,
  sigmoid: unary.sigmoid,
  silu: unary.silu,
  sqrt: unary.sqrt,
  tanh: unary.tanh,
};

const BINARY: Readonly<Record<keyof typeof fixture.binary, binary.BinaryOp>> = binary;

type Written = readonly (number | string)[];

/** Numbers as JSON can hold them: infinities and NaN are text. */
const read = (written: Written) =>
  Float64Array.from(
    written,
    (x) => typeof x === "number" ? x : Number(x.replace("inf", "Infinity")),
  );

/** `absolute` allows for the rounding of 1 where a result is a difference from it. */
function assertNear(
  found: ArrayLike<number>,
  written: Written,
  what: string,
  at: Written,
  { relative, absolute }: { relative: number; absolute: number },
): void {
  const wanted = read(written);
  for (let i = 0; i < wanted.length; i++) {
    const exact = Math.fround(wanted[i]);
    if (Object.is(found[i] + 0, exact + 0)) continue;
    // Numbers below the smallest normal one may be 0.
    const allowed = relative * Math.abs(exact) + absolute + 1.2e-38;
    assert(
      Math.abs(found[i] - exact) <= allowed,
      `${what} at ${at[i]} is ${found[i]}, not ${exact}`,
    );
  }
}

async function slopes(y: Tensor, leaves: readonly Tensor[]): Promise<ArrayLike<number>[]> {
  y.backward({ gradient: tensor(new Float32Array(y.numel).fill(1), y.shape) });
  return await Promise.all(leaves.map((leaf) => leaf.grad!.data()));
}

for (const [name, op] of Object.entries(UNARY)) {
  Deno.test(`${name} is what PyTorch says, with its gradient, at bounds, infinities and NaN`, async () => {
    const { y, dx } = fixture.unary[name as keyof typeof UNARY];
    const x = tensor(Float32Array.from(read(fixture.x)), null, { requiresGrad: true });
    const result = op(x);
    // Powers of 2 and of e keep fewer digits the larger their exponent is.
    const relative = /geluTanh|pow2[01]|pow.*\./.test(name) ? 3e-5 : 3e-6;
    assertNear(await result.data(), y, name, fixture.x, { relative, absolute: 0 });
    const [slope] = await slopes(result, [x]);
    const absolute = { abs: 0, relu: 0, relu6: 0, clamp: 0 }[name] ?? 3e-7;
    assertNear(slope, dx, `the gradient of ${name}`, fixture.x, { relative: 3e-5, absolute });
  });

  Deno.test({
    name: `${name} in float16 is what it is in float32, rounded`,
    ignore: !gpu.half,
    async fn() {
      const given = Float32Array.from(read(fixture.x), Math.f16round);
      const [half, single] = await Promise.all(
        (["float16", "float32"] as const).map(async (dtype) => {
          const x = tensor(given, null, { dtype, requiresGrad: true });
          const y = op(x);
          assertEquals(y.dtype, dtype);
          y.backward({ gradient: tensor(new Float32Array(given.length).fill(1), null, { dtype }) });
          return [await y.data(), await x.grad!.data()];
        }),
      );
      assertEquals(half[0], single[0].map(Math.f16round));
      // The gradient may have been computed from the rounded result.
      single[1].forEach((wanted, i) => {
        const exact = Math.f16round(wanted);
        if (Object.is(half[1][i] + 0, exact + 0)) return;
        const near = Math.abs(half[1][i] - exact) <= 2 ** -8 * Math.abs(exact) + 2 ** -9;
        assert(near, `${name} at ${given[i]}: ${half[1][i]}, not ${exact}`);
      });
    },
  });
}

for (const [name, wanted] of Object.entries(fixture.binary)) {
  Deno.test(`${name}() is what PyTorch says, with its gradients, at ties, infinities and NaN`, async () => {
    const op = BINARY[name as keyof typeof BINARY];
    const [a, b] = [fixture.a, fixture.b].map((each) => Float32Array.from(read(each)));
    for (const shape of [[a.length], [a.length, 1]]) {
      // Rows of one number against rows of five broadcast.
      const wide = shape.length === 2 ? 5 : 1;
      const repeated = (data: ArrayLike<number>) =>
        Float32Array.from({ length: a.length * wide }, (_, i) => data[Math.floor(i / wide)]);
      const left = tensor(repeated(a), shape.length === 2 ? [a.length, 5] : shape, {
        requiresGrad: true,
      });
      const right = tensor(b, shape, { requiresGrad: true });
      const exact = { relative: 1e-6, absolute: 0 };
      const y = op(left, right);
      const every = (data: ArrayLike<number>) =>
        Float32Array.from({ length: a.length }, (_, i) => data[i * wide]);
      const at = fixture.a.map((value, i) => `${value} and ${fixture.b[i]}`);
      assertNear(every(await y.data()), wanted.y, name, at, exact);
      if (!("da" in wanted)) {
        assertEquals([y.requiresGrad, y.dtype], [false, "float32"]);
        continue;
      }
      const [da, db] = await slopes(y, [left, right]);
      assertNear(every(da), wanted.da, `the gradient of a by ${name}`, at, exact);
      const shares = Float64Array.from(db, (value) => value / wide);
      assertNear(shares, wanted.db, `the gradient of b by ${name}`, at, exact);
    }
  });
}
