import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { openDevice } from "../../../src/cli/device/open_device.ts";
import { createModel } from "../../../src/models/registry.ts";
import { manualSeed } from "../../../src/nn/init.ts";
import { saveCheckpoint } from "../../../src/run/checkpoints/checkpoint.ts";
import { readBack } from "../../../src/tensor/read_back.ts";
import { inTempDir } from "../../temp_dir.ts";
import { cli, writeCifar } from "../helpers.ts";

const IMAGENET = ["TEACHER.MEAN", "[0.485, 0.456, 0.406]", "TEACHER.STD", "[0.229, 0.224, 0.225]"];
const RECORD = 3073;

/** A resnet20A as a stranger saves it: the state dict under a key, names of `DataParallel`. */
async function writeNetwork(folder: string): Promise<string> {
  await openDevice();
  manualSeed(1);
  const model = createModel("resnet20A", { numClasses: 10 });
  const state = await readBack(model.stateDict());
  const renamed = [...state].map(([name, entry]) => [`module.${name}`, entry] as const);
  const path = join(folder, "resnet20.safetensors");
  saveCheckpoint(path, new Map(renamed), {});
  model.dispose();
  return path;
}

/** Lets a network that was trained with ImageNet's figures teach resnet8; returns its loss and top-1 as `eval` has them. */
async function teach(folder: string, teacher: string): Promise<{ loss: number; top1: number }> {
  const inspected = await cli("inspect", teacher);
  assertStringIncludes(inspected.stdout, "fits resnet20A (10 classes, 3 channels)");
  const data = ["DATASET.TYPE", "cifar10", "DATASET.ROOT", folder, "DATASET.TEST.BATCH_SIZE", "20"];
  const evaluated = async (...words: string[]) => {
    const { status, stdout, stderr } = await cli("eval", "--json", ...words);
    assertEquals(status, 0, stderr);
    return JSON.parse(stdout) as { loss: number; top1: number };
  };
  const named = ["--ckpt", teacher, "--batch-size", "20"];
  const alone = await evaluated(...named, ...data, "DATASET.NORMALIZE", "imagenet");

  const cfg = join(folder, "kd.yaml");
  Deno.writeTextFileSync(
    cfg,
    `DISTILLER: {TYPE: KD, TEACHER: resnet20A, STUDENT: resnet8, TEACHER_CHECKPOINT: ${teacher}}`,
  );
  const taught = ["--cfg", cfg, ...data];
  const own = await evaluated("--ckpt", "pretrain", ...taught, ...IMAGENET);
  assertEquals(own.top1, alone.top1);
  assertAlmostEquals(own.loss, alone.loss, 1e-4 * alone.loss);
  const students = await evaluated("--ckpt", "pretrain", ...taught);
  assert(Math.abs(students.loss - alone.loss) > 1e-3 * alone.loss, `${students.loss}`);

  const short = ["SOLVER.BATCH_SIZE", "8", "SOLVER.EPOCHS", "1", "LOG.PREFIX", folder];
  const run = async (name: string, ...words: string[]) => {
    const result = await cli("train", ...taught, ...short, "EXPERIMENT.NAME", name, ...words);
    assertEquals(result.status, 0, result.stderr);
    const log = Deno.readTextFileSync(join(folder, "distill", name, "metrics.jsonl"));
    return JSON.parse(log.trim().split("\n").at(-1)!).train.losses.loss_kd as number;
  };
  const [first, second] = [await run("own", ...IMAGENET), await run("students")];
  assert(first > 0 && second > 0 && first !== second, `${first} and ${second}`);
  return alone;
}

Deno.test("a network with shortcuts of option A teaches, by its own normalisation", async () => {
  await inTempDir(async (folder) => {
    writeCifar(folder);
    await teach(folder, await writeNetwork(folder));
  });
});

Deno.test("TEACHER.MEAN and TEACHER.STD fit each other and the images", async () => {
  await inTempDir(async (folder) => {
    writeCifar(folder);
    const teacher = await writeNetwork(folder);
    const words = ["--teacher", "resnet20A", "--ckpt", teacher, "--dataset", "cifar10"];
    const out = join(folder, "cost.safetensors");
    const refused = await cli(
      ...["cost-matrix", ...words, "--out", out],
      ...["DATASET.ROOT", folder, "TEACHER.MEAN", "[0.5]"],
    );
    assertEquals(refused.status, 1);
    assertStringIncludes(
      refused.stderr,
      "TEACHER.MEAN is [0.5] and TEACHER.STD []; give both one number for each of the images' 3 channels",
    );
  });
});

const PUBLISHED = fromFileUrl(
  new URL("../../../../shared/data/cifar10_published/", import.meta.url),
);

/** The first 100 of the lossless images; null where they, or the program `xz`, are not there. */
function publishedImages(): Uint8Array | null {
  try {
    const args = ["-dc", join(PUBLISHED, "cifar10-first-4000.bin.xz")];
    const { success, stdout } = new Deno.Command("xz", { args, stderr: "null" }).outputSync();
    return success ? stdout.subarray(0, 100 * RECORD) : null;
  } catch {
    return null;
  }
}

const images = publishedImages();

Deno.test({
  name: "a published CIFAR-10 ResNet knows its images, and teaches",
  ignore: images === null,
  fn: async () => {
    await inTempDir(async (folder) => {
      writeCifar(folder);
      const write = (name: string, from: number, to: number) =>
        Deno.writeFileSync(
          join(folder, "cifar-10-batches-bin", name),
          images!.subarray(from * RECORD, to * RECORD),
        );
      for (let i = 0; i < 5; i++) write(`data_batch_${i + 1}.bin`, 8 * i, 8 * i + 8);
      write("test_batch.bin", 80, 100);
      const alone = await teach(folder, join(PUBLISHED, "resnet20-12fca82f.th"));
      assertEquals(alone.top1, 100);
    });
  },
});
