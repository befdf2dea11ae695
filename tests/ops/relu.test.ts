import { assertEquals } from "@std/assert";
import { relu } from "../../src/ops/unary.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { FloatType } from "../../src/tensor/dtype.ts";
import { device } from "../helpers.ts";
import { checkRefusesIntegers, checkUnary, checkUnaryGradient } from "./elementwise_cases.ts";

const gpu = await device();

/** NaN of either sign: x86 makes the negative one of 0 / 0. */
function bothNaNs(): Float32Array {
  return new Float32Array(Uint32Array.of(0x7fc00000, 0xffc00000).buffer);
}

Deno.test("relu() computes max(x, 0) at any size", async () => {
  await checkUnary(relu, (x) => Math.max(x, 0), [-3, 3], 0);
});

Deno.test("relu() has the gradient of its formula", async () => {
  await checkUnaryGradient(relu, (x) => x > 0 ? 1 : 0, [-3, 3]);
});

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

Deno.test("relu() refuses integers", () => checkRefusesIntegers(relu, "relu"));
