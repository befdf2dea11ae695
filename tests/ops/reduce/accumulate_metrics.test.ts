import { assertEquals, assertThrows } from "@std/assert";
import { accumulateMetrics } from "../../../src/ops/reduce/accumulate_metrics.ts";
import { tensor, zeros } from "../../../src/tensor/create.ts";
import { device } from "../../helpers.ts";

const gpu = await device();

/** Totals of a run of steps, of which the first `watched` values must be finite. */
async function totalsOf(steps: readonly number[][], watched: number): Promise<number[]> {
  const totals = zeros([8]);
  for (const step of steps) {
    const values = tensor(step);
    accumulateMetrics(totals, values, watched);
    values.dispose();
  }
  const found = await totals.data();
  totals.dispose();
  return [...found];
}

Deno.test("accumulateMetrics() counts steps and adds up values", async () => {
  assertEquals(await totalsOf([[1, -2, 0.5], [3, 4, 0.25]], 3), [2, 0, 4, 2, 0.75, 0, 0, 0]);
  assertEquals(await totalsOf([[5]], 1), [1, 0, 5, 0, 0, 0, 0, 0]);
});

Deno.test("accumulateMetrics() notes the first step with a value that is not finite", async () => {
  for (const bad of [NaN, Infinity, -Infinity]) {
    const [steps, first] = await totalsOf([[1, 1], [1, 2], [1, bad], [bad, 1], [1, 1]], 2);
    assertEquals([steps, first], [5, 3], String(bad));
  }
  const largest = 3.4028234663852886e38;
  assertEquals((await totalsOf([[largest, -largest], [0, 1e-45]], 2))[1], 0);
});

Deno.test("accumulateMetrics() does not watch the values behind", async () => {
  assertEquals((await totalsOf([[1, NaN]], 1)).slice(0, 3), [1, 0, 1]);
  assertEquals((await totalsOf([[1, NaN]], 2)).slice(0, 3), [1, 1, 1]);
});

Deno.test("accumulateMetrics() replayed adds the values of each time", async () => {
  const [totals, values] = [zeros([3]), tensor([2])];
  const recording = await gpu.record(() => accumulateMetrics(totals, values, 1));
  for (const value of [3, 4]) {
    values.copy_(Float32Array.of(value));
    recording.replay();
  }
  assertEquals([...await totals.data()], [3, 0, 9]);
  recording.dispose();
});

Deno.test("accumulateMetrics() weighs the watched values of a batch that is not whole", async () => {
  const [totals, values] = [zeros([4]), tensor([6, 3])];
  accumulateMetrics(totals, values, 1, 0.25);
  assertEquals([...await totals.data()], [1, 0, 1.5, 3]);
});

Deno.test("accumulateMetrics() refuses too little room", () => {
  assertThrows(
    () => accumulateMetrics(zeros([3]), zeros([2]), 1),
    RangeError,
    "room for 4 totals wanted, got 3",
  );
});
