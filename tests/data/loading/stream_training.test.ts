import { join } from "@std/path";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DecodePool } from "../../../src/data/decode/decode_pool.ts";
import type { StreamLoader } from "../../../src/data/loading/stream_loader.ts";
import { loadCheckpoint } from "../../../src/run/checkpoints/checkpoint.ts";
import type { EpochEnd } from "../../../src/train/events.ts";
import { latestPath } from "../../../src/run/run_files.ts";
import { device } from "../../helpers.ts";
import { openRun } from "../../train/helpers.ts";
import { writeImageFolder } from "../image_fixture.ts";
import { inTempDir } from "../../temp_dir.ts";

/** Images as large as Fashion-MNIST's, so that other tests share the kernels. */
function settings(root: string, workers: number): string[] {
  return [
    ...["DATASET.TYPE", "image_folder", "DATASET.ROOT", root, "DATASET.TRANSFORM", "imagenet"],
    ...["DATASET.IMAGE_SIZE", "28", "DATASET.NUM_WORKERS", String(workers)],
    ...["DATASET.SUBSET", "0", "DATASET.VALIDATION", "0", "DATASET.TEST.BATCH_SIZE", "3"],
    ...["SOLVER.BATCH_SIZE", "2", "SOLVER.EPOCHS", "2", "DISTILLER.TYPE", "NONE"],
    ...["DATASET.AUGMENT.RAND_AUGMENT_OPS", "2", "DATASET.AUGMENT.COLOR_JITTER_HUE", "0.1"],
    ...["DATASET.AUGMENT.RANDOM_ERASING", "0.5"],
  ];
}

/** Every tensor of a run's state, in bits. */
function bits(folder: string): Record<string, string> {
  const { tensors } = loadCheckpoint(latestPath(folder));
  return Object.fromEntries([...tensors].map(([name, { data }]) => {
    return [name, new Uint8Array(data.buffer, data.byteOffset, data.byteLength).toBase64()];
  }));
}

Deno.test("a run on image files that are varied in every way goes on with the same bits where it was stopped", async () => {
  const gpu = await device();
  await inTempDir(async (root) => {
    writeImageFolder(root);
    const whole = await openRun(gpu, join(root, "whole"), settings(root, 2));
    const { augment } = (whole.run.trainer.options.train as StreamLoader).options;
    assertEquals(Object.keys(augment!), ["randAugment", "colorJitter", "randomErasing"]);
    assert(await whole.run.train());
    whole.run.dispose();
    const stop = new AbortController();
    const onEvent = ({ type }: { type: string }) => type === "step" && stop.abort();
    const folder = join(root, "parts");
    const first = await openRun(gpu, folder, settings(root, 2), { signal: stop.signal, onEvent });
    assertEquals(await first.run.train(), false);
    first.run.dispose();
    const second = await openRun(gpu, folder, settings(root, 0), { resume: true });
    assert(await second.run.train());
    second.run.dispose();
    assertEquals(bits(folder), bits(join(root, "whole")));
    const ends = whole.events.filter((event): event is EpochEnd => event.type === "epoch_end");
    assertEquals(ends.length, 2);
    for (const { train } of ends) {
      assert(train.dataSeconds > 0 && train.stepSeconds > 0);
      assert(Math.abs(train.dataSeconds + train.stepSeconds - train.seconds) < 1e-9);
    }
  });
});

Deno.test("a run that cannot be taken up lets go of its workers", async () => {
  const gpu = await device();
  const { acquire, release } = DecodePool.prototype;
  let users = 0;
  let most = 0;
  DecodePool.prototype.acquire = function () {
    most = Math.max(most, ++users);
    acquire.call(this);
  };
  DecodePool.prototype.release = function () {
    users--;
    release.call(this);
  };
  try {
    await inTempDir(async (root) => {
      writeImageFolder(root);
      const resume = () => openRun(gpu, join(root, "run"), settings(root, 2), { resume: true });
      await assertRejects(resume, Error, "cannot read the checkpoint");
    });
  } finally {
    Object.assign(DecodePool.prototype, { acquire, release });
  }
  assertEquals([most, users], [2, 0]);
});

Deno.test("a run ends with a corrupt image's name, and its workers with it", async () => {
  const gpu = await device();
  await inTempDir(async (root) => {
    writeImageFolder(root);
    const path = join(root, "train", "cat", "1.jpg");
    Deno.writeTextFileSync(path, "no image");
    const { run } = await openRun(gpu, join(root, "run"), settings(root, 2));
    await assertRejects(() => run.train(), Error, `cannot decode ${path}`);
    run.dispose();
  });
});
