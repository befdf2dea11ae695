import { assertEquals } from "@std/assert";
import { SGD } from "../../src/optim/sgd.ts";
import { Parameter } from "../../src/nn/parameter.ts";
import { zeros } from "../../src/tensor/create.ts";
import { gradientBuckets } from "../../src/train/gradient_buckets.ts";
import { device } from "../helpers.ts";

const gpu = await device();

Deno.test("gradientBuckets() cuts neighbours together, the last parameters first, as large as is asked", () => {
  // In blocks of 4096 bytes: 1, 3, 1 and 2.
  const sizes = [10, 3000, 1, 2048];
  const parameters = sizes.map((size) => new Parameter(zeros([size], { device: gpu })));
  const optimizer = new SGD(parameters, { lr: 0.1 });
  const cut = (bytes?: number) =>
    gradientBuckets(optimizer.groups, bytes).map(({ slots, range }) => {
      const at = slots.map(({ parameter }) => parameters.indexOf(parameter));
      return [at, range.offset / 4096, range.size / 4096];
    });
  assertEquals(cut(4096), [[[3], 5, 2], [[2], 4, 1], [[1], 1, 3], [[0], 0, 1]]);
  assertEquals(cut(3 * 4096), [[[2, 3], 4, 3], [[1], 1, 3], [[0], 0, 1]]);
  assertEquals(cut(), [[[0, 1, 2, 3], 0, 7]]);
  optimizer.dispose();
  for (const each of parameters) each.dispose();
});
