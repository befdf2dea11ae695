import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { loadCheckpoint, saveCheckpoint } from "../../../src/run/checkpoints/checkpoint.ts";
import type { TrainEvent } from "../../../src/train/events.ts";
import { latestPath } from "../../../src/run/run_files.ts";
import { writeImageFolder } from "../../data/image_fixture.ts";
import { device } from "../../helpers.ts";
import { inTempDir } from "../../temp_dir.ts";
import { openRun } from "../../train/helpers.ts";

const gpu = await device();

function settings(root: string, format: string): string[] {
  return [
    ...["DATASET.TYPE", "image_folder", "DATASET.ROOT", root, "DATASET.TRANSFORM", "cifar"],
    ...["DATASET.IMAGE_SIZE", "28", "DATASET.NUM_WORKERS", "0"],
    ...["DATASET.SUBSET", "0", "DATASET.VALIDATION", "0", "DATASET.TEST.BATCH_SIZE", "3"],
    ...["SOLVER.BATCH_SIZE", "1", "SOLVER.EPOCHS", "2", "DISTILLER.TYPE", "NONE"],
    ...["LOG.TENSORBOARD_FREQ", "1", "LOG.CHECKPOINT_FORMAT", format],
  ];
}

/**
 * Trains on a folder of images, stops in the first epoch or behind it, changes something, and goes on to the end.
 *
 * @param change gets the images' folder; gives where they are then
 * @returns what the second part warned of, and its first step
 */
async function afterChange(
  change: (root: string, run: string) => string | void,
  stop: (event: TrainEvent) => boolean = (event) => event.type === "epoch_end",
  format = "torch",
): Promise<{ warnings: string[]; first: TrainEvent | undefined }> {
  let result: Awaited<ReturnType<typeof afterChange>>;
  await inTempDir(async (folder) => {
    const [root, run] = [join(folder, "images"), join(folder, "run")];
    writeImageFolder(root);
    const controller = new AbortController();
    const part = await openRun(gpu, run, settings(root, format), {
      signal: controller.signal,
      onEvent: (event) => stop(event) && controller.abort(),
    });
    assertEquals(await part.run.train(), false);
    part.run.dispose();
    const now = change(root, run) ?? root;
    const rest = await openRun(gpu, run, settings(now, format), { resume: true });
    assertEquals(await rest.run.train(), true);
    rest.run.dispose();
    result = {
      warnings: rest.events.flatMap((event) => event.type === "warning" ? [event.message] : []),
      first: rest.events.find((event) => event.type === "point"),
    };
  });
  return result!;
}

/** Whether the first step of the first epoch is done. */
const inEpoch = (event: TrainEvent) => event.type === "point" && event.step === 1;

/** Sets a file's time as it was before a change. */
function keepTime(path: string, change: () => void): void {
  const { mtime } = Deno.statSync(path);
  change();
  Deno.utimeSync(path, mtime!, mtime!);
}

Deno.test("a run goes on in silence with the images it had, wherever they are now", async () => {
  for (const stop of [undefined, inEpoch]) {
    assertEquals((await afterChange(() => {}, stop)).warnings, []);
    const moved = await afterChange((root) => {
      Deno.renameSync(root, `${root}2`);
      return `${root}2`;
    }, stop);
    assertEquals(moved.warnings, []);
    if (stop) assert(moved.first?.type === "point" && moved.first.step > 1);
  }
});

Deno.test("a run tells of a training image that was renamed, and starts its epoch again", async () => {
  const rename = (root: string) =>
    Deno.renameSync(join(root, "train/bee/1.jpg"), join(root, "train/bee/9.jpg"));
  const { warnings } = await afterChange(rename);
  assertEquals(warnings.length, 1);
  assertMatch(
    warnings[0],
    /^the training images are not those that .*latest was saved with: they are other files, the first difference at bee\/2.JPEG; the run does not end bit for bit as it would have$/,
  );
  const stopped = await afterChange(rename, inEpoch);
  assertMatch(stopped.warnings[1], /the training images are others .*; epoch 1 starts again at/);
  assert(stopped.first?.type === "point" && stopped.first.step === 1);
});

Deno.test("a run tells of images that were repainted, added and left out", async () => {
  const repainted = await afterChange((root) => {
    const path = join(root, "train/cat/1.jpg");
    keepTime(path, () => Deno.copyFileSync(join(root, "train/ant/1.jpg"), path));
  });
  assertMatch(
    repainted.warnings[0],
    /they are files of other sizes, the first difference at cat\/1.jpg; the run does/,
  );
  const added = await afterChange((root) =>
    Deno.copyFileSync(join(root, "train/ant/1.jpg"), join(root, "train/ant/3.jpg"))
  );
  assertMatch(
    added.warnings[0],
    /there were 6 and are 7, the first difference at ant\/3.jpg; the run does not end/,
  );
  const removed = await afterChange((root) => Deno.removeSync(join(root, "train/cat/2.JPEG")));
  assertMatch(
    removed.warnings[0],
    /there were 6 and are 5, the first difference at cat\/1.jpg; the run does not end/,
  );
  const test = await afterChange((root) =>
    Deno.copyFileSync(join(root, "val/ant/3.png"), join(root, "val/ant/4.png"))
  );
  assertEquals(test.warnings.length, 1);
  assertMatch(
    test.warnings[0],
    /^the test images are .* there were 3 and are 4, the first difference at ant\/4.png; acc/,
  );
});

Deno.test("a run says of images with other times that they may be copies", async () => {
  const { warnings, first } = await afterChange((root) => {
    Deno.utimeSync(join(root, "train/ant/2.JPEG"), new Date(2e12), new Date(2e12));
  }, inEpoch);
  assertEquals(warnings.length, 1);
  assertMatch(
    warnings[0],
    /^the files of the training images were copied or changed since .*latest was saved: they are files of other times, the first difference at ant\/2.JPEG, of the same names and sizes; if they were only copied, nothing has changed, else the run does not end bit for bit as it would have$/,
  );
  assert(first?.type === "point" && first.step > 1);
});

Deno.test("a run goes on from a checkpoint that says nothing of its images, or nothing sound", async () => {
  const rename = (root: string) =>
    Deno.renameSync(join(root, "train/bee/1.jpg"), join(root, "train/bee/9.jpg"));
  for (const data of [null, "", "{", "7", '{"train":{"run":1e-9}}', '{"train":{"run":1}}']) {
    const { warnings } = await afterChange(
      (root, run) => {
        rename(root);
        const path = latestPath(run);
        const { tensors, metadata } = loadCheckpoint(path);
        const { data: digest, ...others } = metadata;
        assertMatch(digest, /^{"train":{"images":6,"files":6,"run":1,/);
        saveCheckpoint(path, tensors as never, data === null ? others : { ...others, data });
      },
      inEpoch,
      "safetensors",
    );
    assertEquals(warnings, [], `data ${data}`);
  }
});

Deno.test("a student's own file does not depend on where the images came from", async () => {
  await afterChange((_root, run) => {
    assertEquals(loadCheckpoint(join(run, "student_latest")).metadata.data, undefined);
  });
});
