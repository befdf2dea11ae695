import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { EpochEnd } from "../../src/train/events.ts";
import { ContrastSampler } from "../../src/distill/parts/contrast_sampler.ts";
import { CRD } from "../../src/distill/crd.ts";
import { PKT } from "../../src/distill/pkt.ts";
import { RKD } from "../../src/distill/rkd.ts";
import { SP } from "../../src/distill/sp.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { assertClose } from "../helpers.ts";
import { Net, numbers, type Settings, type Trained, trainRanks } from "./ranks.ts";

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
      assertAlmostEquals(told[i].train.top5!, train.top5!, 1e-4);
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

/** A fixed teacher of the same architecture. */
function teacherOf(): Net {
  manualSeed(9);
  return new Net(false).requiresGrad_(false).eval();
}

/** A distiller on the pooled feature and nothing else of the models. */
const weights = { ceWeight: 1, featWeight: 1 };

for (
  const [name, distiller] of Object.entries<Settings["distiller"]>({
    RKD: (student) => new RKD(student, teacherOf(), weights, {}),
    SP: (student) => new SP(student, teacherOf(), { ...weights, featWeight: 10 }),
    PKT: (student) => new PKT(student, teacherOf(), { ...weights, featWeight: 100 }),
    CRD: (student, { length, labels }) =>
      new CRD(student, teacherOf(), {
        ...{ ...weights, studentDim: 64, teacherDim: 64 },
        memory: { images: length, dim: 8, negatives: 6, temperature: 0.07, momentum: 0.5 },
        source: new ContrastSampler({ labels, classes: 3, negatives: 6, mode: "exact", seed: 4 }),
      }),
  })
) {
  Deno.test(`${name} sees the images of all ranks as one process does`, async () => {
    await assertAsAlone([3], { distiller, trainer: { gatherBatch: true } });
  });
}

Deno.test("Class weights, label smoothing and mixed images are those of the whole batch", async () => {
  const settings = {
    trainer: { classWeights: [1, 4, 0.5], labelSmoothing: 0.1 },
    mixing: { mixupAlpha: 0.8, cutmixAlpha: 1, prob: 1, switchProb: 0.5, seed: 3 },
    loader: { sampler: "balanced" as const },
    batchSize: 15,
  };
  await assertAsAlone([2, 3], settings);
});

Deno.test("Dropout, accumulation, clipping and a smaller last batch are those of one process", async () => {
  await assertAsAlone([3], {
    ...{ images: 43, dropout: 0.5 },
    trainer: { accumulate: 2, clipNorm: 0.5 },
  });
});
