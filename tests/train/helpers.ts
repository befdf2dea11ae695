import { dirname, join } from "@std/path";
import { loadConfig } from "../../src/config/resolve_config.ts";
import type { Config } from "../../src/config/config.ts";
import { type DatasetSplits, loadDataset } from "../../src/data/load_dataset.ts";
import type { Gpu } from "../../src/gpu/gpu.ts";
import { createModel } from "../../src/models/registry.ts";
import { manualSeed } from "../../src/nn/init.ts";
import type { Group } from "../../src/parallel/group.ts";
import { saveCheckpoint } from "../../src/run/checkpoints/checkpoint.ts";
import { readBack } from "../../src/tensor/read_back.ts";
import type { TrainEvent } from "../../src/train/events.ts";
import { Run } from "../../src/run/run.ts";

/** A run without a terminal, and what it told. */
export interface RecordedRun {
  run: Run;
  events: TrainEvent[];
}

const SPLITS = new Map<string, Promise<DatasetSplits>>();

/** The images of a configuration, which are read and divided once, but for folders, which tests change. */
function splitsOf({ DATASET }: Config): Promise<DatasetSplits> {
  if (DATASET.TYPE === "image_folder") return loadDataset(DATASET);
  const key = JSON.stringify(DATASET);
  const splits = SPLITS.get(key) ?? loadDataset(DATASET);
  SPLITS.set(key, splits);
  return splits;
}

/** Opens a run of resnet8 on 20 images a class at most, evaluated on 20. */
export async function openRun(
  gpu: Gpu,
  folder: string,
  overrides: readonly string[],
  options: {
    resume?: boolean;
    signal?: AbortSignal;
    onEvent?: (event: TrainEvent) => void;
    /** Trains on the first images alone. */
    images?: number;
    /** The processes that train together. */
    group?: Group;
  } = {},
): Promise<RecordedRun> {
  const config: Config = loadConfig(null, [
    ...["DATASET.TYPE", "fashion_mnist", "DATASET.VALIDATION", "2", "DATASET.SUBSET", "4"],
    ...["DATASET.TEST.BATCH_SIZE", "20", "DISTILLER.STUDENT", "resnet8"],
    ...["SOLVER.BATCH_SIZE", "8", "SOLVER.LR_DECAY_STAGES", "[1]"],
    ...["DISTILLER.TEACHER", "resnet8", "WKD.HINT_LAYER", "-1"],
    ...["WKD.PROJECTOR", "conv1x1", "WKD.SPATIAL_GRID", "1"],
    ...overrides,
  ]);
  const events: TrainEvent[] = [];
  const splits = await splitsOf(config);
  const { images: length = splits.train.length } = options;
  const run = await Run.open({
    gpu,
    config,
    splits: {
      ...splits,
      train: { ...splits.train, length, labels: splits.train.labels.slice(0, length) },
    },
    folder,
    teacherPath: join(dirname(folder), "teacher.safetensors"),
    resume: options.resume ?? false,
    signal: options.signal,
    group: options.group,
    sink: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
    resumeCommand: "",
  });
  return { run, events };
}

/** Writes an untrained resnet8 where {@linkcode openRun} looks for the teacher of runs in `folder`. */
export async function writeTeacher(folder: string): Promise<void> {
  manualSeed(7);
  const teacher = createModel("resnet8", { numClasses: 10, inChannels: 1 });
  saveCheckpoint(join(folder, "teacher.safetensors"), await readBack(teacher.stateDict()), {});
  teacher.dispose();
}
