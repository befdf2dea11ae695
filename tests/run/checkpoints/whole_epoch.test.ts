import { assertEquals } from "@std/assert";
import { configToYaml } from "../../../src/config/format_config.ts";
import { loadConfig } from "../../../src/config/resolve_config.ts";
import { initialState } from "../../../src/train/run_state.ts";
import { atEpochStart, whyEpochRestarts } from "../../../src/run/checkpoints/whole_epoch.ts";

const BEFORE = loadConfig(null, ["SOLVER.BATCH_SIZE", "4", "SOLVER.LR", "0.1"]);
const SAVED = configToYaml(BEFORE);
const STATE = { ...initialState(), epoch: 2, step: 9, images: 40 };
const SIZE = { images: 40, steps: 10 };

Deno.test("whyEpochRestarts() lets an epoch go on whose steps see the same images", () => {
  const other = loadConfig(null, ["SOLVER.BATCH_SIZE", "4", "SOLVER.LR", "0.2"]);
  assertEquals(whyEpochRestarts(STATE, SAVED, other, SIZE), null);
  assertEquals(whyEpochRestarts({ ...STATE, images: 0 }, "", BEFORE, SIZE), null);
  const larger = loadConfig(null, ["SOLVER.BATCH_SIZE", "8"]);
  const trained = {} as never;
  assertEquals(whyEpochRestarts({ ...STATE, trained }, SAVED, larger, SIZE), null);
  assertEquals(whyEpochRestarts({ ...STATE, step: 0 }, SAVED, larger, SIZE), null);
});

Deno.test("whyEpochRestarts() names what changes the images of a step", () => {
  const changed = loadConfig(null, [
    ...["DATASET.TYPE", "cifar10", "DATASET.ROOT", "x", "DATASET.SUBSET", "1"],
    ...["DATASET.VALIDATION", "2", "SOLVER.BATCH_SIZE", "4", "SOLVER.SEED", "5"],
  ]);
  assertEquals(
    whyEpochRestarts(STATE, SAVED, changed, SIZE),
    'DATASET.TYPE was "cifar100" and is "cifar10", DATASET.ROOT was "" and is "x", DATASET.SUBSET ' +
      "was 0 and is 1, DATASET.VALIDATION was 0 and is 2, SOLVER.SEED was 0 and is 5",
  );
  const fewer = whyEpochRestarts(STATE, SAVED, BEFORE, { images: 39, steps: 9 });
  assertEquals(fewer, "there were 40 training images and are 39");
});

Deno.test("whyEpochRestarts() never leaves an epoch without a step", () => {
  for (const saved of ["", "SOLVER: [", "SOLVER:\n"]) {
    const unknown = { ...STATE, images: 0 };
    assertEquals(
      whyEpochRestarts(unknown, saved, BEFORE, { images: 20, steps: 9 }),
      "an epoch has 9 steps",
    );
  }
});

Deno.test("atEpochStart() keeps the run and forgets the epoch", () => {
  const state = { ...STATE, totals: new Float32Array(16), pointStart: [1], bestTop1: 50 };
  assertEquals(atEpochStart(state), {
    ...{ ...initialState(), epoch: 2, step: 0, images: 40, bestTop1: 50 },
  });
});
