import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { EpochEnd } from "../../src/train/events.ts";
import { assertClose } from "../helpers.ts";
import { numbers, type Settings, type Trained, trainRanks } from "./ranks.ts";

function ends({ events }: Trained): EpochEnd[] {
  return events.filter((event) => event.type === "epoch_end");
}

/** Fails where ranks do not train as one process does. */
async function assertAsAlone(sizes: readonly number[], settings: Settings, tolerance = 1e-5) {
  const [alone] = await trainRanks(1, settings);
  for (const size of sizes) {
    const ranks = await trainRanks(size, settings);
    for (const one of ranks) {
      assertClose(numbers(one, ""), numbers(alone, ""), tolerance);
      assertEquals(one.tensors, ranks[0].tensors);
    }
    const told = ends(ranks[0]);
    for (const [i, { train, test, ema }] of ends(alone).entries()) {
      assertAlmostEquals(told[i].train.loss, train.loss, 1e-5);
      assertAlmostEquals(told[i].train.top1, train.top1, 1e-4);
      assertAlmostEquals(told[i].train.top5, train.top5, 1e-4);
      assertAlmostEquals(told[i].test.loss, test.loss, 1e-5);
      assertAlmostEquals(told[i].test.top1, test.top1, 1e-4);
      assertEquals(
        told[i].test.balancedAccuracy === undefined,
        test.balancedAccuracy === undefined,
      );
      assertAlmostEquals(told[i].test.balancedAccuracy ?? 0, test.balancedAccuracy ?? 0, 1e-4);
      assertAlmostEquals(told[i].ema?.test.loss ?? 0, ema?.test.loss ?? 0, 1e-5);
    }
  }
}

Deno.test("Two and four ranks train as one process does, to the last batch and its metrics", async () => {
  // Three batches of 16 images and one of 2, of which the first ranks have none.
  await assertAsAlone([2, 4], { epochs: 5, ema: true });
});

Deno.test("SYNC_BN normalises over all ranks: they train as one process does", async () => {
  await assertAsAlone([2, 4], {
    epochs: 5,
    norm: true,
    ema: true,
    trainer: { syncBatchNorm: true },
  });
});

Deno.test("Without SYNC_BN ranks normalise by their own images, and have rank 0's statistics in common", async () => {
  const [one, other] = await trainRanks(2, { norm: true });
  assertEquals(one.tensors, other.tensors);
  const again = await trainRanks(2, { norm: true });
  assertEquals(again[1].tensors, one.tensors);
  const [alone] = await trainRanks(1, { norm: true });
  assertThrows(() => assertClose(numbers(one, "student."), numbers(alone, "student."), 1e-5));
});
