import { changedSettings } from "../../config/changed_settings.ts";
import type { Config } from "../../config/config.ts";
import type { DatasetSplits } from "../../data/load_dataset.ts";
import { createLoader } from "../../data/loading/loader.ts";
import { visible } from "../../formats/visible.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import { teacherPath } from "../../run/run_paths.ts";
import { asTeacher } from "../../run/models/teacher_normalisation.ts";
import { Evaluator } from "../../train/evaluate.ts";
import { loadCheckpointModel } from "../checkpoints/checkpoint_model.ts";
import { countBar } from "../terminal/count_bar.ts";
import { readJson, writeJson } from "./results_file.ts";

/** What the quickstart compares with; accuracies are percent over the test images. */
export interface QuickstartRecord {
  /** The command that made the record. */
  readonly command: string;
  /** The adapter's name. */
  readonly device: string;
  /** Images, steps and learning rates that the student was trained with. */
  readonly settings: QuickstartSettings;
  /** Top-1 of the teacher. */
  readonly teacherTop1: number;
  /** Top-1 of the student alone after the last epoch. */
  readonly aloneTop1: number;
}

/** What must agree for two runs of the quickstart to be compared: settings by key, where they are not the default. */
export type QuickstartSettings = Readonly<Record<string, string>>;

/** What {@linkcode recordAlone} needs. */
export interface RecordAloneOptions {
  /** The device. */
  readonly gpu: Gpu;
  /** The run's configuration. */
  readonly config: Config;
  /** Its images. */
  readonly splits: DatasetSplits;
  /** The file. */
  readonly path: string;
  /** Top-1 of the student alone. */
  readonly top1: number;
  /** The command to name. */
  readonly command: string;
}

/** Evaluates the teacher and writes the record; returns the exit status. */
export async function recordAlone(options: RecordAloneOptions): Promise<number> {
  const { gpu, config, path, top1, command } = options;
  const teacherTop1 = await evaluateTeacher(options);
  const record: QuickstartRecord = {
    command,
    device: gpu.info.description || gpu.info.device || gpu.info.vendor,
    settings: settingsOf(config),
    teacherTop1: Number(teacherTop1.toFixed(2)),
    aloneTop1: Number(top1.toFixed(2)),
  };
  writeJson(path, record);
  const { TEACHER, STUDENT } = config.DISTILLER;
  console.log(
    `${STUDENT} alone ${record.aloneTop1} %, ${TEACHER} ${record.teacherTop1} %; written to ${
      visible(path)
    }`,
  );
  return 0;
}

/** The record, where there is one that was made with the same images, steps and learning rates. */
export function readRecord(path: string, config: Config): QuickstartRecord | null {
  const record = readJson<QuickstartRecord>(path);
  const same = JSON.stringify(record?.settings) === JSON.stringify(settingsOf(config));
  return same ? record : null;
}

function settingsOf(config: Config): QuickstartSettings {
  return changedSettings(config, ["DATASET", "SOLVER"], ["DATASET.ROOT", "DATASET.NUM_WORKERS"]);
}

async function evaluateTeacher({ gpu, config, splits }: RecordAloneOptions): Promise<number> {
  const { DISTILLER: { TEACHER }, MODEL: { FAMILY } } = config;
  const path = teacherPath(config);
  const teacher = loadCheckpointModel(TEACHER, path, splits.test, "--teacher", FAMILY);
  asTeacher(teacher, config, splits.test);
  const evaluator = new Evaluator(gpu, teacher);
  const batchSize = config.DATASET.TEST.BATCH_SIZE;
  const bar = countBar(`evaluating ${TEACHER}`, "images");
  const loader = createLoader(splits.test, { batchSize, train: false });
  try {
    return (await evaluator.run(loader, { progress: bar.update }))!.top1;
  } finally {
    bar.clear();
    loader.close();
    evaluator.dispose();
    teacher.dispose();
  }
}
