import { assertEquals } from "@std/assert";
import { PointWindow } from "../../src/train/metrics/epoch_reports.ts";

Deno.test("PointWindow counts steps over epochs and gives what was added since the last point", () => {
  const window = new PointWindow(4, 6, null);
  assertEquals([1, 2, 3, 4, 5, 6].filter((step) => window.endsAt(step)), [2, 6]);
  assertEquals(window.close(Float32Array.of(2, 0, 5)), Float32Array.of(2, 0, 5));
  assertEquals(window.close(Float32Array.of(6, 0, 9)), Float32Array.of(4, 0, 4));
  const resumed = new PointWindow(1, 0, Float32Array.of(3, 0, 1));
  assertEquals(resumed.close(Float32Array.of(4, 0, 3)), Float32Array.of(1, 0, 2));
});
