import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  calculateGain,
  fans,
  kaimingNormal,
  kaimingUniform,
  manualSeed,
  xavierNormal,
  xavierUniform,
} from "../../src/nn/init.ts";
import { Linear } from "../../src/nn/linear.ts";
import { device } from "../helpers.ts";

await device();

const SHAPE = [40, 30, 3, 5];

function spread(values: Float32Array): { mean: number; std: number; largest: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return { mean, std: Math.sqrt(variance), largest };
}

function assertSpread(values: Float32Array, std: number): void {
  const found = spread(values);
  assertEquals(values.length, 18_000);
  assertAlmostEquals(found.mean, 0, 0.03 * std);
  assertAlmostEquals(found.std, std, 0.02 * std);
}

Deno.test("fans() counts inputs and outputs of a unit", () => {
  assertEquals(fans(SHAPE), { fanIn: 450, fanOut: 600 });
  assertEquals(fans([3, 7]), { fanIn: 7, fanOut: 3 });
  assertThrows(() => fans([3]), RangeError, "two or more");
});

Deno.test("calculateGain() has PyTorch's gains", () => {
  assertAlmostEquals(calculateGain("linear"), 1);
  assertAlmostEquals(calculateGain("relu"), Math.sqrt(2));
  assertAlmostEquals(calculateGain("leaky_relu", Math.sqrt(5)), Math.sqrt(1 / 3));
});

Deno.test("kaimingNormal() has the standard deviation of either fan", () => {
  assertSpread(kaimingNormal(SHAPE), Math.sqrt(2 / 450));
  const options = { mode: "fan_out", nonlinearity: "relu" } as const;
  assertSpread(kaimingNormal(SHAPE, options), Math.sqrt(2 / 600));
});

Deno.test("kaimingUniform() and xavierUniform() fill up to their bounds", () => {
  const cases: [Float32Array, number][] = [
    [kaimingUniform(SHAPE, { a: Math.sqrt(5) }), 1 / Math.sqrt(450)],
    [xavierUniform(SHAPE), Math.sqrt(6 / 1050)],
  ];
  for (const [values, bound] of cases) {
    assertSpread(values, bound / Math.sqrt(3));
    const { largest } = spread(values);
    assert(largest <= bound * (1 + 1e-6) && largest > 0.99 * bound, `${largest} for ${bound}`);
  }
});

Deno.test("xavierNormal() has the standard deviation of both fans", () => {
  assertSpread(xavierNormal(SHAPE), Math.sqrt(2 / 1050));
});

Deno.test("manualSeed() makes layers start from the same numbers", async () => {
  const start = async (seed: number) => {
    manualSeed(seed);
    const layer = new Linear(64, 8);
    const [weight, bias] = [await layer.weight.data(), await layer.bias!.data()];
    layer.dispose();
    for (const value of [...weight, ...bias]) assert(Math.abs(value) <= 1 / 8);
    return [...weight, ...bias];
  };
  const first = await start(1);
  assertEquals(await start(1), first);
  assert((await start(2)).every((value, i) => value !== first[i]));
});
