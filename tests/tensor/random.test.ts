import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { fillNormal, fillUniform, Generator } from "../../src/tensor/random.ts";

const COUNT = 100_000;

function moments(values: Float32Array): { mean: number; variance: number } {
  const mean = values.reduce((total, v) => total + v, 0) / values.length;
  const variance = values.reduce((total, v) => total + (v - mean) ** 2, 0) / values.length;
  return { mean, variance };
}

Deno.test("Generator gives the same numbers for a seed and others for the next", () => {
  const draw = (seed: number) => {
    const generator = new Generator(seed);
    return Array.from({ length: 8 }, () => generator.nextUint32());
  };
  assertEquals(draw(1), draw(1));
  assertNotEquals(draw(1), draw(2));
  assertEquals(new Set([0, 1, 2, 3, -1, 2 ** 31].flatMap(draw)).size, 48);
  assert(draw(5).every((v) => Number.isInteger(v) && v >= 0 && v < 2 ** 32));
});

Deno.test("fillUniform() covers the range evenly", () => {
  const values = new Float32Array(COUNT);
  fillUniform(values, new Generator(3), -2, 4);
  const { mean, variance } = moments(values);
  assert(values.every((v) => v >= -2 && v < 4));
  assertAlmostEquals(mean, 1, 0.03);
  assertAlmostEquals(variance, 3, 0.05);
});

Deno.test("fillNormal() has the mean, the deviation and the tails asked for", () => {
  const values = new Float32Array(COUNT + 1);
  fillNormal(values, new Generator(3), 5, 2);
  const { mean, variance } = moments(values);
  assertAlmostEquals(mean, 5, 0.03);
  assertAlmostEquals(variance, 4, 0.08);
  const beyond = values.filter((v) => Math.abs(v - 5) > 4).length / values.length;
  assertAlmostEquals(beyond, 0.0455, 0.004);
});

Deno.test("fillNormal() gives a prefix of the same numbers for a shorter array", () => {
  const [short, long] = [new Float32Array(5), new Float32Array(8)];
  fillNormal(short, new Generator(9), 0, 1);
  fillNormal(long, new Generator(9), 0, 1);
  assertEquals(short, long.slice(0, 5));
});
