import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { ofdMargins } from "../../src/distill/ofd.ts";
import { BatchNorm2d } from "../../src/nn/batch_norm2d.ts";
import { device } from "../helpers.ts";

await device();

/** Mean of the negative values of a normal distribution, by Simpson's rule. */
function meanOfNegatives(mean: number, deviation: number): number {
  const steps = 20000;
  const from = Math.min(0, mean) - 12 * deviation;
  let [mass, sum] = [0, 0];
  for (let i = 0; i <= steps; i++) {
    const x = from * (1 - i / steps);
    const weight = i === 0 || i === steps ? 1 : 2 + 2 * (i % 2);
    const density = weight * Math.exp(-(((x - mean) / deviation) ** 2) / 2);
    mass += density;
    sum += density * x;
  }
  return sum / mass;
}

async function margin(weight: number, bias: number): Promise<number> {
  const norm = new BatchNorm2d(1);
  norm.weight.copy_(Float32Array.of(weight));
  norm.bias.copy_(Float32Array.of(bias));
  const [[found]] = await ofdMargins([norm]);
  norm.dispose();
  return found;
}

Deno.test("ofdMargins() are the means of the negative values", async () => {
  for (const [weight, bias] of [[1, 0], [0.5, -2], [0.25, 0.75], [1, 3], [-2, 0.5], [0.125, -3]]) {
    const expected = meanOfNegatives(bias, Math.abs(weight));
    assertAlmostEquals(await margin(weight, bias), expected, 1e-6 * Math.abs(expected));
  }
});

Deno.test("ofdMargins() are three deviations where hardly a value is negative", async () => {
  // The share of negative values is a thousandth at 3.0902 deviations.
  assertEquals(await margin(0.5, 1.5452), -1.5);
  assert(Math.abs(await margin(0.5, 1.545) + 1.5) > 0.1);
  assertEquals(await margin(-1, 50), -3);
});

Deno.test("ofdMargins() of a channel without a deviation are its value, or 0", async () => {
  assertEquals(await margin(0, -0.5), -0.5);
  assertEquals(await margin(0, 0.5) + 0, 0);
  assertEquals(await margin(0, 0) + 0, 0);
});
