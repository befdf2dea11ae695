import type { Config } from "../../config/config.ts";
import type { Dataset } from "../../data/image_dataset.ts";
import { loadTestSet } from "../../data/load_dataset.ts";
import { createLoader } from "../../data/loading/loader.ts";
import { UserError } from "../../errors.ts";
import { fileExists } from "../../formats/paths.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { Group } from "../../parallel/group.ts";
import { openGroup } from "../../parallel/open_group.ts";
import { type Checkpoint, loadCheckpoint } from "../../run/checkpoints/checkpoint.ts";
import { advising, imageSize, smaller } from "../../run/memory_error.ts";
import { publishedTeacher, teacherPath, teacherPlaces } from "../../run/run_paths.ts";
import { asTeacher } from "../../run/models/teacher_normalisation.ts";
import { ClassCounts } from "../../train/metrics/class_counts.ts";
import { Evaluator } from "../../train/evaluate.ts";
import { notFiniteName } from "../../train/not_finite.ts";
import { asRank } from "../as_rank.ts";
import {
  checkpointConfig,
  checkpointModelName,
  loadCheckpointModel,
} from "../checkpoints/checkpoint_model.ts";
import { type ClassOrder, evalJson, evalText, type Evaluation } from "./eval_report.ts";
import { datasetCallbacks, openComputeDevice } from "../device/open_device.ts";
import { countBar } from "../terminal/count_bar.ts";
import { interruptSignal } from "../terminal/interrupt_signal.ts";
import { warn } from "../terminal/notes.ts";

/** Options of the `eval` command. */
interface EvalFlags {
  /** The checkpoint, or `pretrain` for the teacher's usual place. */
  readonly ckpt: string;
  /** Architecture; default: the checkpoint's metadata, or with `pretrain` the configuration's teacher. */
  readonly model?: string;
  /** Data set; default: the configuration's, or the one that the checkpoint was trained on, or `cifar100`. */
  readonly dataset?: string;
  /** Images in a batch; default 100, or the configuration's. */
  readonly batchSize?: number;
  /** Configuration whose DATASET section says what is evaluated; default: the one in the checkpoint. */
  readonly cfg?: string;
  /** Report the classes too, in this order; true is `worst`. */
  readonly perClass?: ClassOrder | true;
  /** Print JSON. */
  readonly json?: boolean;
  /** Kind of adapter. */
  readonly device?: string;
  /** Time variants of kernels, or do not; default on hardware. */
  readonly tune?: boolean;
}

const BATCH_SIZE = 100;
/** mdistiller's word for the weights that come with a model. */
const PRETRAIN = "pretrain";

/**
 * Prints top-1, top-5 and loss of a checkpoint over the test images, and the accuracy of every class where asked.
 *
 * @param overrides pairs of a dotted key and a YAML value that win over the configuration
 * @returns the exit status
 */
export async function evaluate(
  flags: EvalFlags,
  overrides: readonly string[] = [],
): Promise<number> {
  const group = await openGroup();
  return await asRank(group, () => evaluateIn(group, flags, overrides));
}

async function evaluateIn(
  group: Group,
  flags: EvalFlags,
  overrides: readonly string[],
): Promise<number> {
  const pretrain = flags.ckpt === PRETRAIN;
  const given = pretrain ? null : loadCheckpoint(flags.ckpt);
  const config = checkpointConfig(given, flags, overrides);
  const checkpoint = given ?? loadCheckpoint(pretrained(flags, config));
  const wanted = flags.model ?? (pretrain ? config.DISTILLER.TEACHER : undefined);
  const model = checkpointModelName(checkpoint, wanted, "--model");
  const leads = group.rank === 0;
  const gpu = await openComputeDevice(flags.device, flags.tune);
  const test = await loadTestSet(config.DATASET, leads ? datasetCallbacks() : undefined);
  const batchSize = flags.batchSize ?? (flags.cfg ? config.DATASET.TEST.BATCH_SIZE : BATCH_SIZE);
  const perClass = flags.perClass !== undefined;
  const evaluation = await advising(
    () => less(test, batchSize),
    () =>
      run({
        ...{ gpu, model, config, isTeacher: pretrain, checkpoint, test, batchSize, perClass },
        group,
      }),
  );
  if (typeof evaluation === "number") return evaluation;
  if (!leads) return 0;
  const { loss } = evaluation.metrics;
  if (!Number.isFinite(loss)) {
    warn(
      `the loss is ${
        notFiniteName(loss)
      }: the weights in ${checkpoint.path} are finite numbers, but what ` +
        `${model} makes of some images is not`,
    );
  }
  const order = flags.perClass === undefined || flags.perClass === true ? "worst" : flags.perClass;
  console.log(flags.json ? evalJson(evaluation, order) : evalText(evaluation, order));
  return 0;
}

/** File of the weights that a data set's teachers are loaded from. */
function pretrained({ model, cfg }: EvalFlags, config: Config): string {
  if (!model && !cfg) {
    throw new UserError(`--ckpt ${PRETRAIN} wants --model, or --cfg with the teacher to evaluate`);
  }
  const { DISTILLER } = config;
  const named = model && model !== DISTILLER.TEACHER;
  const asTeacher = named
    ? { ...config, DISTILLER: { ...DISTILLER, TEACHER: model, TEACHER_CHECKPOINT: "" } }
    : config;
  const path = teacherPath(asTeacher);
  if (!fileExists(path)) {
    const places = asTeacher.DISTILLER.TEACHER_CHECKPOINT ? [path] : teacherPlaces(asTeacher);
    throw new UserError(
      `there are no weights of ${asTeacher.DISTILLER.TEACHER} for ${config.DATASET.TYPE}: none of ` +
        `${places.join(", ")} is there; ${
          publishedTeacher(asTeacher)
        }put them there or name a file ` +
        "with --ckpt",
    );
  }
  return path;
}

interface Parts {
  readonly gpu: Gpu;
  readonly model: string;
  readonly config: Config;
  /** Whether it is the configuration's teacher, which may have a normalisation of its own. */
  readonly isTeacher: boolean;
  readonly checkpoint: Checkpoint;
  readonly test: Dataset;
  readonly batchSize: number;
  readonly perClass: boolean;
  readonly group: Group;
}

/** What makes an evaluation take less memory. */
function less(test: Dataset, batchSize: number): string {
  const value = Math.min(batchSize, test.length);
  return smaller([{ name: "--batch-size", value, usual: BATCH_SIZE }, imageSize(test)]);
}

/** The evaluation, or the exit status where it was interrupted. */
async function run(parts: Parts): Promise<Evaluation | number> {
  const { gpu, test, checkpoint, config, group } = parts;
  const { rank, size: worldSize } = group;
  const leads = rank === 0;
  const { FAMILY } = config.MODEL;
  const model = loadCheckpointModel(parts.model, checkpoint, test, "--model", FAMILY);
  if (parts.isTeacher) asTeacher(model, config, test, { checkpoint });
  const counts = parts.perClass ? new ClassCounts(test.classes.length) : null;
  const evaluator = new Evaluator(gpu, model, counts?.add, group);
  const batchSize = Math.min(parts.batchSize, test.length);
  const loader = createLoader(test, { batchSize, train: false, rank, worldSize });
  const interrupt = interruptSignal(leads ? "stopping; there is nothing to save" : "");
  const bar = leads ? countBar("evaluating", "images") : null;
  try {
    const metrics = await evaluator.run(loader, {
      progress: bar?.update,
      signal: interrupt.signal,
    });
    if (!metrics) return interrupt.status;
    await counts?.sum(group);
    return {
      ...{
        model: parts.model,
        checkpoint: checkpoint.path,
        dataset: test.name,
        images: test.length,
      },
      device: gpu.info.description || gpu.info.device || gpu.info.vendor,
      metrics,
      classes: counts?.counts.map((count, i) => ({ ...count, name: test.classes[i] })) ?? null,
    };
  } finally {
    bar?.clear();
    interrupt.dispose();
    loader.close();
    evaluator.dispose();
    model.dispose();
  }
}
