import { assertEquals, assertThrows } from "@std/assert";
import {
  abs,
  clamp,
  exp,
  gelu,
  log,
  relu,
  relu6,
  sigmoid,
  silu,
  sqrt,
  tanh,
  type UnaryOp,
} from "../../../src/ops/elementwise/unary.ts";
import { ones, tensor } from "../../../src/tensor/create.ts";
import type { FloatType } from "../../../src/tensor/dtype.ts";
import { device } from "../../helpers.ts";
import { checkRefusesIntegers, checkUnary, checkUnaryGradient } from "./elementwise_cases.ts";

const gpu = await device();

// At bounds, infinities and NaN, and in float16: elementwise_reference.test.ts.

/** An op of the table: the function, its derivative, and where it is tried. */
interface Case {
  readonly op: UnaryOp;
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
  readonly range: readonly [number, number];
  readonly tolerance?: number;
}

const sigma = (x: number) => 1 / (1 + Math.exp(-x));

const CASES: Readonly<Record<string, Case>> = {
  abs: { op: abs, value: Math.abs, slope: Math.sign, range: [-3, 3], tolerance: 1e-7 },
  clamp: {
    op: (x) => clamp(x, -0.5, 1.25),
    value: (x) => Math.min(Math.max(x, -0.5), 1.25),
    slope: (x) => x > -0.5 && x < 1.25 ? 1 : 0,
    range: [-3, 3],
    tolerance: 1e-7,
  },
  exp: { op: exp, value: Math.exp, slope: Math.exp, range: [-5, 5] },
  log: { op: log, value: Math.log, slope: (x) => 1 / x, range: [0.1, 5] },
  relu: {
    op: relu,
    value: (x) => Math.max(x, 0),
    slope: (x) => x > 0 ? 1 : 0,
    range: [-3, 3],
    tolerance: 0,
  },
  relu6: {
    op: relu6,
    value: (x) => Math.min(Math.max(x, 0), 6),
    slope: (x) => x > 0 && x < 6 ? 1 : 0,
    range: [-3, 9],
    tolerance: 1e-7,
  },
  sigmoid: { op: sigmoid, value: sigma, slope: (x) => sigma(x) * sigma(-x), range: [-6, 6] },
  silu: {
    op: silu,
    value: (x) => x * sigma(x),
    slope: (x) => sigma(x) * (1 + x * sigma(-x)),
    range: [-3, 3],
  },
  sqrt: { op: sqrt, value: Math.sqrt, slope: (x) => 0.5 / Math.sqrt(x), range: [0.1, 5] },
  tanh: { op: tanh, value: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2, range: [-3, 3] },
};

for (const [name, { op, value, slope, range, tolerance = 1e-6 }] of Object.entries(CASES)) {
  Deno.test(`${name}() computes its formula at any size, twice the same`, async () => {
    await checkUnary(op, value, range, tolerance);
  });

  Deno.test(`${name}() has the gradient of its formula`, async () => {
    await checkUnaryGradient(op, slope, range);
  });

  Deno.test(`${name}() refuses integers`, () => checkRefusesIntegers(op, name));
}

/** NaN of either sign: x86 makes the negative one of 0 / 0. */
function bothNaNs(): Float32Array {
  return new Float32Array(Uint32Array.of(0x7fc00000, 0xffc00000).buffer);
}

for (const dtype of ["float32", "float16"] as const) {
  const ignore = dtype === "float16" && !gpu.half;

  Deno.test({ name: `relu() of ${dtype} keeps NaN and infinity`, ignore }, async () => {
    const [nan, negative] = bothNaNs();
    const x = Float32Array.of(-Infinity, -1e-3, -0, 0, 1e-3, Infinity);
    const y = await relu(tensor(Float32Array.of(...x, nan, negative), null, { dtype })).data();
    const least = dtype === "float16" ? Math.f16round(1e-3) : Math.fround(1e-3);
    assertEquals([...y], [0, 0, 0, 0, least, Infinity, NaN, NaN]);
    const bits = tensor(bothNaNs(), null, { dtype });
    assertEquals([...await relu(bits).data()], [NaN, NaN]);
  });

  Deno.test({ name: `relu() of ${dtype} passes the gradient above 0 and at NaN`, ignore }, () => {
    return checkGates(dtype);
  });
}

async function checkGates(dtype: FloatType): Promise<void> {
  const x = tensor([-2, -0, 0, 1e-3, 2, NaN], null, { dtype, requiresGrad: true });
  const gradient = tensor([1, 2, 3, 4, 5, 6], null, { dtype });
  relu(x).backward({ gradient });
  assertEquals([...await x.grad!.data()], [0, 0, 0, 4, 5, 6]);
}

Deno.test("clamp() limits one way when the other bound is left out", async () => {
  assertEquals([...await clamp(tensor([-9, 0, 9]), -1).data()], [-1, 0, 9]);
  assertEquals([...await clamp(tensor([-9, 0, 9]), undefined, 1).data()], [-9, 0, 1]);
});

Deno.test("clamp() has no gradient at its bounds, as PyTorch 2.15, and an infinite bound is none", async () => {
  const slopes = async (low?: number, high?: number) => {
    const x = tensor([-Infinity, 0, 0.5, 1, Infinity], null, { requiresGrad: true });
    clamp(x, low, high).backward({ gradient: ones([5]) });
    return [...await x.grad!.data()];
  };
  assertEquals(await slopes(0, 1), [0, 0, 1, 0, 0]);
  assertEquals(await slopes(0), [0, 0, 1, 1, 1]);
  assertEquals(await slopes(undefined, 1), [1, 1, 1, 0, 0]);
});

Deno.test("clamp() refuses swapped bounds", () => {
  assertThrows(() => clamp(tensor([1]), 2, 1), RangeError, "[2, 1]: the bounds are swapped");
});

Deno.test("gelu() knows two forms, close to each other", async () => {
  const x = Float32Array.of(-3, -1, 0, 1, 3);
  const [exact, none, approximate] = await Promise.all(
    [{}, { approximate: "none" as const }, { approximate: "tanh" as const }].map((options) =>
      gelu(tensor(x), options).data()
    ),
  );
  assertEquals(none, exact);
  const apart = Math.max(...exact.map((value, i) => Math.abs(value - approximate[i])));
  assertEquals(apart > 1e-5 && apart < 1e-3, true);
  const wrong = { approximate: "erf" } as unknown as { approximate: "none" };
  assertThrows(() => gelu(tensor(x), wrong), RangeError, '"none" or "tanh" wanted');
  checkRefusesIntegers((x) => gelu(x), "gelu");
});
