import { assertAlmostEquals, assertEquals } from "@std/assert";
import { allReduceSeconds, linkOf, medianLink, stepSeconds } from "../../bench/scaling_model.ts";

Deno.test("the model of scaling counts what recursive halving and doubling sends", () => {
  const near = { latency: 1e-5, bandwidth: 1e9 };
  const far = { latency: 1e-4, bandwidth: 1e8 };
  const seconds = (ranks: number, perHost: number, bytes: number) =>
    allReduceSeconds(bytes, { ranks, perHost, near, far });
  assertAlmostEquals(seconds(1, 8, 1e6), 0);
  // Half of the buffer to and fro.
  assertAlmostEquals(seconds(2, 2, 1e6), 2 * (1e-5 + 5e-4), 1e-9);
  // Few numbers go whole.
  assertAlmostEquals(seconds(4, 4, 8), 2 * (1e-5 + 8e-9), 1e-9);
  // A quarter from host to host, of two ranks at once.
  assertAlmostEquals(seconds(4, 2, 1e6), 2 * (1e-5 + 5e-4) + 2 * (1e-4 + 2 * 2.5e-3), 1e-9);
});

Deno.test("the model of a step hides a sum behind the backward pass, and none behind the last bucket", () => {
  const times = { arrivals: [1, 2, 3], bytes: [1, 1, 1], tail: 0.5 };
  assertAlmostEquals(stepSeconds(times, () => 0.5), 4);
  assertAlmostEquals(stepSeconds(times, () => 2), 1 + 3 * 2 + 0.5);
});

Deno.test("a link follows from the times of adding up over it", () => {
  const link = { latency: 3e-5, bandwidth: 2e9 };
  for (const ranks of [2, 3, 4, 8]) {
    const timed = (bytes: number) => ({
      bytes,
      seconds: allReduceSeconds(bytes, { ranks, perHost: 1, near: link, far: link }),
    });
    const { latency, bandwidth } = linkOf(ranks, timed(8), timed(2 ** 24));
    assertAlmostEquals(latency, 3e-5, 1e-7);
    assertAlmostEquals(bandwidth, 2e9, 2e7);
  }
});

Deno.test("a link of several measurements is that of their medians, each buffer's by itself", () => {
  const pair = (few: number, many: number) =>
    [{ bytes: 8, seconds: few }, { bytes: 2 ** 24, seconds: many }] as const;
  const all = [pair(3e-5, 0.9), pair(9e-1, 0.02), pair(2e-5, 0.01)];
  assertEquals(medianLink(2, all), linkOf(2, ...pair(3e-5, 0.02)));
});
