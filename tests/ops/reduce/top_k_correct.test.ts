import { assertEquals, assertThrows } from "@std/assert";
import { topKCorrect } from "../../../src/ops/reduce/top_k_correct.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { device, labels, procedural, values } from "../../helpers.ts";

await device();

Deno.test("topKCorrect() counts the samples whose label is among the largest", async () => {
  for (const [rows, classes] of [[1, 1], [5, 3], [70, 100], [130, 10]]) {
    // Few different values, so that there are ties.
    const x = values("x", [rows, classes]).map((v) => Math.round(8 * v));
    const y = labels("y", rows, classes);
    const ks = [1, 5, 2];
    const ranks = Array.from(y, (label, n) => {
      const row = [...x.subarray(n * classes, (n + 1) * classes)];
      return row.filter((v, c) => v > row[label] || (v === row[label] && c < label)).length;
    });
    const expected = ks.map((k) => ranks.filter((rank) => rank < k).length);
    for (const lanes of [1, 64]) {
      const found = topKCorrect(tensor(x, [rows, classes]), tensor(y), ks, lanes);
      assertEquals([...await found.data()], expected, `${rows} x ${classes}, ${lanes} lanes`);
    }
  }
});

Deno.test("topKCorrect() never counts a logit that is NaN, and refuses a label out of range", async () => {
  const x = tensor([[1, 2], [NaN, 2]]);
  assertEquals([...await topKCorrect(x, tensor(Int32Array.of(1, 0)), [2]).data()], [1]);
  assertThrows(() => topKCorrect(x, tensor(Int32Array.of(1, 2)), [1]), RangeError, "label of 2");
});

Deno.test("topKCorrect() takes NaN for larger than every number", async () => {
  for (const lanes of [1, 64]) {
    const found = topKCorrect(tensor([[9, 2, NaN]]), tensor(Int32Array.of(0)), [1, 2], lanes);
    assertEquals([...await found.data()], [0, 1]);
  }
});

Deno.test("topKCorrect() refuses bad arguments", () => {
  const [x, y] = [procedural("x", [2, 3]), tensor(Int32Array.of(0, 1))];
  assertThrows(() => topKCorrect(x, y, []), RangeError, "one to four");
  assertThrows(() => topKCorrect(x, y, [0]), RangeError, "positive");
  assertThrows(() => topKCorrect(x, tensor([0, 1]), [1]), TypeError, "int32");
  assertThrows(() => topKCorrect(x, tensor(Int32Array.of(0)), [1]), RangeError, "[N]");
});
