import { assertEquals } from "@std/assert";
import { TimeLeft } from "../../../src/train/metrics/time_left.ts";

/** 1000 images of an epoch, 200 of its evaluations: 100 of the student's and as many of its average's. */
const OPTIONS = { epochs: 3, train: { images: 1000 }, test: { dataset: { length: 100 } }, ema: {} };

function timed() {
  let milliseconds = 0;
  const left = new TimeLeft(OPTIONS, () => milliseconds);
  return { left, wait: (seconds: number) => milliseconds += 1000 * seconds };
}

Deno.test("TimeLeft counts the evaluation behind every epoch: guessed at first, then as long as the last", () => {
  const { left, wait } = timed();
  // An image of an evaluation takes a third of one that is trained on.
  assertEquals(left.training(1, 0, 100), 30 + 3 * 200 / 300);
  assertEquals(left.training(1, 900, 100), 21 + 3 * 200 / 300);
  left.startTest();
  wait(5);
  left.endTest();
  assertEquals(left.training(2, 500, 100), 15 + 2 * 5);
  assertEquals(left.training(3, 1000, 100), 5);
});

Deno.test("TimeLeft goes down to nothing through the last evaluation, also where an average has one of its own", () => {
  const { left, wait } = timed();
  assertEquals(left.training(3, 1000, 100) > 0, true);
  left.startTest();
  wait(1);
  assertEquals(left.evaluating(3, 50, 100), 3);
  wait(1);
  assertEquals(left.evaluating(3, 100, 100), 2);
  wait(1);
  assertEquals(left.evaluating(3, 50, 100), 1);
  wait(1);
  assertEquals(left.evaluating(3, 100, 100), 0);
});

Deno.test("TimeLeft does not know how long epochs take before it has seen one train", () => {
  const { left, wait } = timed();
  left.startTest();
  wait(1);
  assertEquals(left.evaluating(1, 50, 100), Infinity);
  assertEquals(left.evaluating(3, 50, 100), 3);
  left.training(1, 1000, 100);
  left.startTest();
  wait(1);
  assertEquals(left.evaluating(1, 50, 200), 3 + 2 * (10 + 4));
});
