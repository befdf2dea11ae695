import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { loadCheckpoint } from "../../src/run/checkpoints/checkpoint.ts";
import { TrainingError } from "../../src/train/training_error.ts";
import type { TrainEvent } from "../../src/train/events.ts";
import { assertClose, device } from "../helpers.ts";
import { inTempDir } from "../temp_dir.ts";
import { openRun } from "../train/helpers.ts";
import { asRanks, localGroups } from "./local_group.ts";

const gpu = await device();

const SETTINGS = [
  ...["DISTILLER.TYPE", "NONE", "SOLVER.EPOCHS", "2", "SOLVER.LR", "0.01"],
  ...["SOLVER.SYNC_BN", "True", "LOG.CHECKPOINT_FORMAT", "safetensors"],
];

/** Trains as so many ranks; the events of each. */
async function train(
  size: number,
  folder: string,
  options: { resume?: boolean; stopAfter?: number; images?: (rank: number) => number } = {},
): Promise<TrainEvent[][]> {
  const { resume, stopAfter } = options;
  const groups = size === 1 ? [undefined] : localGroups(size);
  const run = async (group: ReturnType<typeof localGroups>[number] | undefined) => {
    const abort = new AbortController();
    const rank = group?.rank ?? 0;
    // Other ranks than 0 have no folder.
    const place = rank === 0 ? folder : `${folder} of nobody`;
    const { run, events } = await openRun(gpu, place, SETTINGS, {
      ...{ group, resume, signal: abort.signal, images: options.images?.(rank) },
      onEvent: (event) => {
        if (event.type === "epoch_end" && event.epoch === stopAfter && rank === size - 1) {
          abort.abort();
        }
      },
    });
    try {
      await run.train();
    } finally {
      run.dispose();
    }
    return events;
  };
  return size === 1
    ? [await run(undefined)]
    : await asRanks(groups as ReturnType<typeof localGroups>, run);
}

function tensorsOf(folder: string, name: string) {
  const { tensors } = loadCheckpoint(join(folder, `${name}.safetensors`));
  return new Map([...tensors].map(([key, { data }]) => [key, data as Float32Array]));
}

Deno.test("A run of ranks leaves the files of one process's, and goes on with more or fewer", async () => {
  await inTempDir(async (root) => {
    const [alone, two, stopped] = ["alone", "two", "stopped"].map((name) => {
      Deno.mkdirSync(join(root, name));
      return join(root, name);
    });
    const [told] = await train(1, alone);
    const [leader, follower] = await train(2, two);
    const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assertEquals(names(two), names(alone));
    const notes = (events: TrainEvent[]) => events.filter((event) => event.type === "note");
    assertStringIncludes(
      notes(leader).map(({ message }) => message).join(),
      "2 ranks share each batch of 8 images, 4 each; batch normalisation over all (SOLVER.SYNC_BN)",
    );
    assert(follower.length > 0);
    assertEquals(follower.filter(({ type }) => type === "checkpoint"), []);
    const ends = (events: TrainEvent[]) => events.filter((event) => event.type === "epoch_end");
    for (const [i, { train, test }] of ends(told).entries()) {
      assertAlmostEquals(ends(leader)[i].train.loss, train.loss, 1e-3);
      assertEquals(ends(leader)[i].test.top1, test.top1);
    }
    const [one, other] = [alone, two].map((folder) => tensorsOf(folder, "latest"));
    assertEquals([...other.keys()], [...one.keys()]);
    const all = (tensors: Map<string, Float32Array>) =>
      [...tensors.values()].flatMap((data) => [...data]);
    assertClose(all(other), all(one), 1e-3);

    // Ranks go on to the same bits; the same checkpoint goes on with one process.
    await train(2, stopped, { stopAfter: 1 });
    const single = join(root, "single");
    Deno.mkdirSync(single);
    for (const name of names(stopped)) Deno.copyFileSync(join(stopped, name), join(single, name));
    await train(2, stopped, { resume: true });
    assertEquals(tensorsOf(stopped, "latest"), other);
    await train(1, single, { resume: true });
    assertClose(all(tensorsOf(single, "latest")), all(other), 1e-3);
  });
});

Deno.test("Ranks with other images than rank 0 are told so", async () => {
  await inTempDir(async (root) => {
    await assertRejects(
      () => train(2, join(root, "run"), { images: (rank) => 40 - rank }),
      TrainingError,
      "rank 1 has other images than rank 0 (39 of fashion_mnist",
    );
  });
});
