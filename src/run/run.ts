import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { configToYaml, formatConfig } from "../config/format_config.ts";
import { augmentOptions } from "../data/augment/augment_config.ts";
import type { BatchSource, LoaderOptions } from "../data/batch.ts";
import { classWeights } from "../data/class_balance.ts";
import { dataFacts } from "../data/data_digest.ts";
import type { Dataset, DatasetInfo } from "../data/image_dataset.ts";
import type { DatasetSplits } from "../data/load_dataset.ts";
import { createLoader } from "../data/loader.ts";
import type { Distiller } from "../distill/distiller.ts";
import { writeFileAtomic } from "../formats/atomic_write.ts";
import { isThere } from "../formats/paths.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { manualSeed } from "../nn/init.ts";
import { buildSchedule } from "../optim/registry.ts";
import { fromFirst } from "../parallel/from_first.ts";
import { ALONE, type Group } from "../parallel/group.ts";
import type { EventSink } from "../train/events.ts";
import { initialState, type RunState } from "../train/run_state.ts";
import type { GradientHook } from "../train/train_step.ts";
import { trained } from "../train/trained.ts";
import { Trainer, type TrainerOptions } from "../train/trainer.ts";
import { buildDistiller } from "./build_distiller.ts";
import { buildSolver } from "./build_solver.ts";
import { dataDigest } from "./checkpoints/changed_data.ts";
import type { HeldCheckpoint } from "./checkpoints/checkpoint.ts";
import { describeSharing, requireSameImages, shareState } from "./run_ranks.ts";
import { checkpointPath, RunFiles } from "./run_files.ts";

/** What {@linkcode Run} needs. */
interface RunOptions {
  /** The device. */
  readonly gpu: Gpu;
  /** The resolved configuration. */
  readonly config: Config;
  /** Images to train on and to be measured on. */
  readonly splits: DatasetSplits;
  /** Folder of the run's files. */
  readonly folder: string;
  /** The teacher's checkpoint; not read where there is no teacher. */
  readonly teacherPath: string;
  /** Goes on from the folder's `latest`. */
  readonly resume: boolean;
  /** That `latest`, where it was read already. */
  readonly latest?: HeldCheckpoint;
  /** Hears what happens. */
  readonly sink: EventSink;
  /** Stops and saves the run when aborted. */
  readonly signal?: AbortSignal;
  /** How to go on after an interruption, for the message. */
  readonly resumeCommand: string;
  /** Sees the gradients before every update. */
  readonly onGradients?: GradientHook;
  /** The processes that train together, of which rank 0 has the files; default this one alone. */
  readonly group?: Group;
  /** Called before a checkpoint is written; throws where the folder is not the run's any more. */
  readonly guard?: () => void;
}

/** Trains what a configuration describes, with its files: the whole of `train` but the terminal. */
export class Run {
  private constructor(
    readonly options: RunOptions,
    readonly trainer: Trainer,
    readonly files: RunFiles,
    readonly state: RunState,
    readonly resources: DisposableStack,
    /** The distiller's cost matrix, [classes, classes]; null where it has none. */
    readonly costMatrix: Float32Array | null,
  ) {}

  /**
   * Builds models, data loaders and the optimiser, and loads the teacher and, to resume, the state. Where that fails,
   * everything that was made is freed.
   *
   * @throws with one sentence when a file is missing or does not fit.
   */
  static async open(options: RunOptions): Promise<Run> {
    const resources = new DisposableStack();
    try {
      return await Run.#build(options, resources);
    } catch (error) {
      try {
        resources.dispose();
      } catch {
        // The device is lost: the first error is the one to report.
      }
      throw error;
    }
  }

  static async #build(asked: RunOptions, resources: DisposableStack): Promise<Run> {
    const { gpu, splits, group = ALONE } = asked;
    const leads = group.rank === 0;
    gpu.tuning.endRun();
    resources.defer(() => {
      gpu.tuning.endRun();
      gpu.onCompile = undefined;
      gpu.trim();
    });
    manualSeed(asked.config.SOLVER.SEED);
    const warn = (message: string) => asked.sink({ type: "warning", message });
    const note = (message: string) => asked.sink({ type: "note", message });
    const { teacherPath } = asked;
    // A run that goes on has the student's weights in its own checkpoint, other ranks have them of rank 0.
    const studentPath = asked.resume || !leads ? "" : asked.config.DISTILLER.STUDENT_CHECKPOINT;
    const { distiller, config, costMatrix } = await buildDistiller(asked.config, {
      ...{ dataset: splits.train, teacherPath, studentPath, warn, note, group },
      costMatrix: {
        folder: asked.folder,
        images: splits.train,
        progress: (what, done, total) => asked.sink({ type: "cost_matrix", what, done, total }),
      },
    });
    const options = { ...asked, config };
    resources.defer(() => disposeDistiller(distiller));
    const solver = buildSolver({ gpu, config }, distiller, resources, note);
    const { optimizer, scaler, ema, frozen } = solver;
    const { train, test } = openLoaders(config, splits, resources, group);
    if (config.DATASET.SAMPLER === "balanced" && config.SOLVER.CLASS_WEIGHTS === "balanced") {
      warn(
        "DATASET.SAMPLER balanced and SOLVER.CLASS_WEIGHTS balanced each make up for classes of several sizes; with both " +
          "the small ones count too much: leave one of them out",
      );
    }
    if (group.size > 1) {
      note(describeSharing(group, config, trainBatchSize(config.SOLVER, splits.train)));
    }
    // Many files take a while to ask for: the first epoch does not wait. They are asked for by whoever saves.
    const facts = leads ? dataFacts(splits) : Promise.resolve({ train: null, test: null });
    const data = facts.then(dataDigest);
    const { folder, sink } = options;
    const files = new RunFiles(
      folder,
      config,
      distiller,
      optimizer,
      sink,
      scaler,
      data,
      splits.test,
      solver,
      gpu.tuning,
    );
    const epoch = { images: train.dataset.length, steps: train.length };
    const state = options.resume && leads
      ? files.restore(epoch, await facts, options.latest?.take())
      : initialState();
    const parts = { distiller, optimizer, scaler, ema, frozen, train, test };
    const trainer = resources.adopt(
      new Trainer(trainerOptions(options, parts, files), state),
      (it) => it.dispose(),
    );
    return new Run(options, trainer, files, state, resources, costMatrix);
  }

  /** Trains to the end, or until interrupted; returns whether it reached the end. */
  async train(): Promise<boolean> {
    const { sink, config, gpu, splits, folder, resumeCommand, group = ALONE } = this.options;
    const { distiller, train } = this.trainer.options;
    const { state } = this;
    await requireSameImages(group, splits);
    await shareState(group, state);
    const leads = group.rank === 0;
    if (this.options.resume) {
      const saved = await fromFirst(group, gpu.tuning.saved ?? null);
      if (!leads) gpu.tuning.resumeRun(saved ?? undefined);
    }
    if (leads) writeFileAtomic(join(folder, "config.yaml"), configToYaml(config));
    sink({
      type: "run_start",
      config: formatConfig(config),
      epochs: config.SOLVER.EPOCHS,
      stepsPerEpoch: train.length,
      startEpoch: state.epoch,
      outputDir: folder,
      teacher: distiller.teacher && {
        name: config.DISTILLER.TEACHER,
        parameters: distiller.teacher.parameterCount(),
      },
      student: {
        name: config.DISTILLER.STUDENT,
        parameters: distiller.student.parameterCount(),
      },
      device: gpu.info.description || gpu.info.device || gpu.info.vendor,
    });
    gpu.onCompile = ({ name, done, milliseconds }) =>
      sink({ type: "compile", pipelines: done, ms: milliseconds, current: name });
    if (leads) await this.#completeFiles();
    const finished = await this.trainer.run();
    if (finished) {
      const { bestTop1, bestEpoch, lastTop1, seconds } = state;
      const ema = this.files.solver?.ema && state.ema ? { ema: state.ema } : {};
      sink({ type: "run_end", bestTop1, bestEpoch, lastTop1, ...ema, seconds, outputDir: folder });
    } else {
      sink({ type: "interrupted", epoch: state.epoch, step: state.step, resumeCommand });
    }
    return finished;
  }

  /** A run that is taken up at its end, and not from its `latest`, saves nothing more: the student's own file is made here. */
  async #completeFiles(): Promise<void> {
    const { config: { LOG }, folder, resume, guard } = this.options;
    const student = checkpointPath(folder, "student_latest", LOG.CHECKPOINT_FORMAT);
    if (!resume || !this.trainer.done || isThere(student)) return;
    guard?.();
    await this.files.save("epoch", this.state);
  }

  /** Frees device memory. */
  dispose(): void {
    this.resources.dispose();
  }
}

/** The loaders of both splits, to be closed by `resources`. No batch has room for more images than there are. */
function openLoaders(
  { SOLVER, DATASET }: Config,
  splits: DatasetSplits,
  resources: DisposableStack,
  { rank, size: worldSize }: Group,
): { train: BatchSource; test: BatchSource } {
  const open = (dataset: Dataset, options: LoaderOptions) =>
    resources.adopt(createLoader(dataset, options), (it) => it.close());
  return {
    train: open(splits.train, {
      batchSize: trainBatchSize(SOLVER, splits.train),
      train: true,
      dropLast: SOLVER.DROP_LAST,
      sampler: DATASET.SAMPLER,
      seed: SOLVER.SEED,
      augment: augmentOptions(DATASET.AUGMENT),
      ...{ rank, worldSize },
    }),
    test: open(splits.test, {
      batchSize: Math.min(DATASET.TEST.BATCH_SIZE, splits.test.length),
      train: false,
      ...{ rank, worldSize },
    }),
  };
}

/** Images of a batch: all there are, where they are fewer than SOLVER.BATCH_SIZE and DROP_LAST does not refuse that. */
function trainBatchSize(
  { BATCH_SIZE, DROP_LAST }: Config["SOLVER"],
  { length }: DatasetInfo,
): number {
  return DROP_LAST ? BATCH_SIZE : Math.min(BATCH_SIZE, length);
}

function trainerOptions(
  { gpu, config: { SOLVER, LOG }, sink, signal, guard, onGradients, group = ALONE }: RunOptions,
  parts: Pick<
    TrainerOptions,
    "distiller" | "optimizer" | "scaler" | "ema" | "frozen" | "train" | "test"
  >,
  files: RunFiles,
): TrainerOptions {
  return {
    gpu,
    ...parts,
    batchSize: trainBatchSize(SOLVER, parts.train.dataset),
    epochs: SOLVER.EPOCHS,
    learningRate: buildSchedule(SOLVER),
    accumulate: SOLVER.ACCUMULATE,
    clipNorm: SOLVER.CLIP_GRAD_NORM,
    patience: SOLVER.EARLY_STOP_PATIENCE,
    labelSmoothing: SOLVER.LABEL_SMOOTHING,
    classWeights: classWeights(SOLVER.CLASS_WEIGHTS, parts.train.dataset),
    mixing: {
      mixupAlpha: SOLVER.MIXUP_ALPHA,
      cutmixAlpha: SOLVER.CUTMIX_ALPHA,
      prob: SOLVER.MIXUP_PROB,
      switchProb: SOLVER.MIXUP_SWITCH_PROB,
      seed: SOLVER.SEED,
    },
    onGradients,
    group,
    syncBatchNorm: SOLVER.SYNC_BN,
    gatherBatch: SOLVER.GATHER_BATCH,
    pointEvery: LOG.TENSORBOARD_FREQ,
    sink,
    signal,
    save: async (kind, at) => {
      if (group.rank > 0) return;
      guard?.();
      await files.save(kind, at);
    },
  };
}

function disposeDistiller(distiller: Distiller): void {
  for (const module of trained(distiller)) module.dispose();
  distiller.teacher?.dispose();
  distiller.dispose?.();
}
