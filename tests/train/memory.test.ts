import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import type { Gpu } from "../../src/gpu/gpu.ts";
import { device } from "../helpers.ts";
import { openRun, writeTeacher } from "./helpers.ts";
import { inTempDir } from "../temp_dir.ts";

const WKD = [
  ...["DISTILLER.TYPE", "WKD", "SOLVER.EPOCHS", "3", "WKD.COST_MATRIX", "fc"],
  ...["WKD.LOSS.WKD_LOGIT_WEIGHT", "10", "WKD.LOSS.WKD_FEAT_WEIGHT", "0.2"],
];

/** Waits for the device and reads how much memory is in use and allocated. */
async function memory(gpu: Gpu): Promise<{ inUse: number; allocated: number }> {
  await gpu.finished();
  gpu.trim();
  const { inUse, allocated } = gpu.account;
  return { inUse, allocated };
}

Deno.test("60 training steps use no more memory than 12", async () => {
  const gpu = await device();
  await inTempDir(async (folder) => {
    const { run } = await openRun(gpu, folder, [
      "DISTILLER.TYPE",
      "NONE",
      "SOLVER.BATCH_SIZE",
      "2",
    ]);
    const { step } = run.trainer;
    const schedule = { epoch: 1, epochs: 1 };
    const images = new Float32Array(2 * 28 * 28).fill(0.5);
    const labels = Int32Array.of(3, 7);
    const after: { inUse: number; allocated: number }[] = [];
    for (let i = 1; i <= 60; i++) {
      await step.run({ images, labels }, schedule);
      if (i === 12 || i === 60) after.push(await memory(gpu));
    }
    assertEquals(after[1], after[0]);
    const totals = await step.totals.data();
    assertEquals([totals[0], totals[1]], [60, 0]);
    run.dispose();
  });
});

Deno.test("Run.dispose() frees what the run allocated", async () => {
  const gpu = await device();
  await inTempDir(async (folder) => {
    await writeTeacher(folder);
    const train = async (name: string) => {
      const { run } = await openRun(gpu, join(folder, name), [...WKD, "SOLVER.EPOCHS", "1"]);
      assertEquals(await run.train(), true);
      run.dispose();
      return await memory(gpu);
    };
    const before = await memory(gpu);
    const first = await train("a");
    assertEquals(first, before);
    assertEquals(await train("b"), first);
  });
});

Deno.test("Run.open() frees what it made where something does not fit", async () => {
  const gpu = await device();
  await inTempDir(async (folder) => {
    const before = await memory(gpu);
    const refused = async (message: string, overrides: readonly string[], resume = false) => {
      const open = () => openRun(gpu, join(folder, "run"), [...WKD, ...overrides], { resume });
      await assertRejects(open, Error, message);
      assertEquals(await memory(gpu), before, message);
    };
    await refused("cannot read the checkpoint", []);
    await writeTeacher(folder);
    await refused("WKD.HINT_LAYER", ["WKD.HINT_LAYER", "9"]);
    await refused("cannot read the checkpoint", [], true);
    await refused("less than one batch of 99", [
      "SOLVER.BATCH_SIZE",
      "99",
      "SOLVER.DROP_LAST",
      "True",
    ]);
    const { limit } = gpu.account;
    gpu.account.limit = gpu.account.inUse + 16 * 2 ** 20;
    const large = ["DATASET.SUBSET", "700", "SOLVER.BATCH_SIZE", "6000", "DISTILLER.TYPE", "NONE"];
    await refused("memory", large).finally(() => gpu.account.limit = limit);
  });
});

Deno.test("a weight that decays is recorded again each epoch, in the same memory", async () => {
  const gpu = await device();
  await inTempDir(async (folder) => {
    await writeTeacher(folder);
    const inUse: number[] = [];
    const { run, events } = await openRun(
      gpu,
      join(folder, "run"),
      [
        ...WKD,
        "WKD.LOSS.WKD_LOGIT_WEIGHT",
        "0",
        "WKD.LOSS.COSINE_DECAY_EPOCH",
        "1",
        "SOLVER.LR",
        "1e-9",
      ],
      { onEvent: (event) => event.type === "epoch_end" && inUse.push(gpu.account.inUse) },
    );
    assertEquals(await run.train(), true);
    run.dispose();
    const losses = events.flatMap((event) =>
      event.type === "epoch_end" ? [event.train.losses] : []
    );
    // The student hardly moves, so the term falls as its factor does: 1, 0.5, 0.
    const [first, second, third] = losses.map((terms) => terms.loss_wkd_f);
    assert(first > 0 && Math.abs(second / first - 0.5) < 0.1, `${second} of ${first}`);
    assertEquals(third, 0);
    assertEquals(inUse[2], inUse[1]);
  });
});
