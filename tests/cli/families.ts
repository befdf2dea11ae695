import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import sharp from "sharp";
import { loadCifar } from "../../src/data/cifar/cifar.ts";
import type { ModelFamily } from "../../src/models/family.ts";
import { createModel } from "../../src/models/registry.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { saveCheckpoint } from "../../src/run/checkpoints/checkpoint.ts";
import { readBack } from "../../src/tensor/read_back.ts";
import { cli } from "./helpers.ts";
import { inTempDir } from "../temp_dir.ts";

/** 8 training and 4 test images of CIFAR-10 with made-up labels of 100 classes. */
const SAMPLE = fromFileUrl(new URL("../fixtures/data/cifar_sample.tar.gz", import.meta.url));

/** As many steps as show that it learns its few images. */
const SHORT = [
  ...["SOLVER.BATCH_SIZE", "4", "DATASET.TEST.BATCH_SIZE", "4"],
  ...["SOLVER.LR", "1e-3", "LOG.WANDB", "False", "WKD.COST_MATRIX", "fc"],
];

async function writeTeacher(
  folder: string,
  name: string,
  options: { numClasses: number; family: ModelFamily },
): Promise<string[]> {
  manualSeed(5);
  const model = createModel(name, options);
  const path = join(folder, "teacher.safetensors");
  saveCheckpoint(path, await readBack(model.stateDict()), { model: name });
  model.dispose();
  return ["DISTILLER.TEACHER", name, "DISTILLER.TEACHER_CHECKPOINT", path];
}

interface EpochLine {
  kind: string;
  train: { loss: number };
  test: { top1: number; loss: number };
}

/** Trains by a configuration on the command line, looks at the log, and evaluates what was written. */
async function trainAndEvaluate(
  folder: string,
  cfg: string,
  settings: string[],
  wanted = 2,
): Promise<void> {
  const run = [
    ...["LOG.PREFIX", folder, "EXPERIMENT.PROJECT", "p", "EXPERIMENT.NAME", "n"],
    ...["SOLVER.EPOCHS", String(wanted)],
  ];
  const trained = await cli("train", "--cfg", cfg, ...settings, ...run);
  assertEquals(trained.status, 0, trained.stderr);
  const files = join(folder, "p", "n");
  const log = Deno.readTextFileSync(join(files, "metrics.jsonl")).trim().split("\n");
  const epochs = log.map((line): EpochLine => JSON.parse(line)).filter((e) => e.kind === "epoch");
  assertEquals(epochs.length, wanted);
  const losses = epochs.map(({ train }) => train.loss);
  assert(losses.every(Number.isFinite), `losses of epochs: ${losses.join(", ")}`);
  if (wanted > 1) assert(losses[wanted - 1] < losses[0], `losses of epochs: ${losses.join(", ")}`);
  const evaluated = await cli("eval", "-c", join(files, "student_latest"), "-bs", "4", "--json");
  assertEquals(evaluated.status, 0, evaluated.stderr);
  const { top1, loss, images } = JSON.parse(evaluated.stdout);
  assertEquals({ top1, loss, images }, { ...last(epochs), images: 4 });
}

function last(epochs: readonly EpochLine[]): { top1: number; loss: number } {
  const { top1, loss } = epochs.at(-1)!.test;
  return { top1, loss };
}

/** Epochs that show that a student learns its few images; the widest ResNet takes seconds for each, and does one. */
const EPOCHS: Readonly<Record<string, number>> = { wrn_16_2: 3, ResNet18: 1 };

/** Has resnet8x4 teach a student real images of CIFAR from the command line. */
export function teachCifar(method: string, student: string): Promise<void> {
  return inTempDir(async (folder) => {
    const teacher = await writeTeacher(folder, "resnet8x4", { numClasses: 100, family: "cifar" });
    await trainAndEvaluate(folder, `configs/cifar100/${method}/res32x4_res8x4.yaml`, [
      ...["DATASET.ROOT", SAMPLE, "DISTILLER.STUDENT", student, ...teacher, ...SHORT],
    ], EPOCHS[student]);
  });
}

/** A few of the sample's images as PNG files of three classes, which is what ImageNet's models take. */
async function writeFolder(root: string): Promise<void> {
  const { train, test } = await loadCifar("cifar100", SAMPLE);
  for (const [split, { images }] of Object.entries({ train, val: test })) {
    for (let i = 0; i < 4; i++) {
      const folder = join(root, split, ["ant", "bee", "cat"][i % 3]);
      Deno.mkdirSync(folder, { recursive: true });
      const planes = images.subarray(i * 3072, (i + 1) * 3072);
      const pixels = Uint8Array.from({ length: 3072 }, (_, at) => {
        return planes[at % 3 * 1024 + Math.floor(at / 3)];
      });
      const raw = { width: 32, height: 32, channels: 3 } as const;
      const png = await sharp(pixels, { raw }).png().toBuffer();
      Deno.writeFileSync(join(folder, `${i}.png`), png);
    }
  }
}

/** Has ImageNet's ResNet18 teach its MobileNetV1 a folder of real images. */
export async function teachFolder(): Promise<void> {
  await inTempDir(async (folder) => {
    const root = join(folder, "images");
    await writeFolder(root);
    const teacher = await writeTeacher(folder, "ResNet18", { numClasses: 3, family: "imagenet" });
    await trainAndEvaluate(folder, "configs/imagenet/r34_r18/wkd_lf.yaml", [
      ...["DATASET.TYPE", "image_folder", "DATASET.ROOT", root, "DATASET.TRANSFORM", "imagenet"],
      ...["DATASET.IMAGE_SIZE", "64", "MODEL.FAMILY", "imagenet", "DATASET.NUM_WORKERS", "1"],
      ...["DISTILLER.STUDENT", "MobileNetV1", "WKD.HINT_LAYER", "-1", "WKD.SPATIAL_GRID", "1"],
      ...[...teacher, ...SHORT],
    ]);
  });
}
