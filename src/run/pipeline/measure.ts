import type { Config } from "../../config/config.ts";
import type { Dataset } from "../../data/image_dataset.ts";
import { createLoader } from "../../data/loading/loader.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import { modelCost } from "../../models/model_cost.ts";
import { fromFirst } from "../../parallel/from_first.ts";
import type { Group } from "../../parallel/group.ts";
import { Evaluator } from "../../train/evaluate.ts";
import { buildModel } from "../build_distiller.ts";
import { loadCheckpoint } from "../checkpoints/checkpoint.ts";
import { loadModel, modelOf, TEACHER_SETTINGS } from "../models/load_model.ts";
import { asTeacher } from "../models/teacher_normalisation.ts";
import type { RunName } from "./plan.ts";

/** Evaluations that took longer than this are not repeated only to be timed, in seconds. */
const LONG = 20;

/** What a model takes and does. */
export interface ModelRow {
  /** What it was in the pipeline. */
  readonly run: RunName;
  /** Its architecture. */
  readonly name: string;
  /** Numbers that are trained. */
  readonly parameters: number;
  /** Multiply-adds of one image. */
  readonly multiplyAdds: number;
  /** Accuracy in percent. */
  readonly top1: number;
  /** Images that it evaluates in a second, with what it takes to bring them. */
  readonly imagesPerSecond: number;
}

interface MeasureOptions {
  readonly gpu: Gpu;
  /** What it is measured on. */
  readonly test: Dataset;
  /** Its weights. */
  readonly path: string;
  readonly run: RunName;
  /** Of its run, or of one that it teaches in. */
  readonly config: Config;
  readonly signal: AbortSignal;
  readonly progress: (done: number, total: number) => void;
  readonly group: Group;
}

/** Measures a model: accuracy, and how fast it is once its kernels are compiled. Null where it was stopped. */
export async function measureModel(options: MeasureOptions): Promise<ModelRow | null> {
  const { gpu, test, path, run, config, signal, progress, group } = options;
  const { rank, size: worldSize } = group;
  const { DISTILLER, MODEL: { FAMILY }, DATASET } = config;
  const name = run === "teacher" ? DISTILLER.TEACHER : DISTILLER.STUDENT;
  const card = modelOf(name, test, FAMILY);
  const model = buildModel(name, test, FAMILY);
  const evaluator = new Evaluator(gpu, model, undefined, group);
  const batchSize = Math.min(DATASET.TEST.BATCH_SIZE, test.length);
  const loader = createLoader(test, { batchSize, train: false, rank, worldSize });
  try {
    const checkpoint = loadCheckpoint(path);
    loadModel(model, checkpoint, card, TEACHER_SETTINGS);
    if (run === "teacher") asTeacher(model, config, test, { checkpoint });
    model.eval();
    const first = await evaluator.run(loader, { progress, signal });
    const repeats = await fromFirst(group, first !== null && first.seconds < LONG);
    const again = repeats ? await evaluator.run(loader, { signal }) : first;
    if (!first || !again) return null;
    const { family, numClasses, inChannels } = card;
    const cost = modelCost(name, { family, numClasses, inChannels, imageSize: test.height });
    return {
      ...{ run, name, parameters: cost.parameters, multiplyAdds: cost.multiplyAdds },
      top1: first.top1,
      imagesPerSecond: test.length / again.seconds,
    };
  } finally {
    loader.close();
    evaluator.dispose();
    model.dispose();
  }
}
