import { join } from "@std/path";
import type { Config } from "../config/config.ts";
import { configToYaml } from "../config/config_to_yaml.ts";
import { formatConfig } from "../config/format_config.ts";
import type { DatasetSplits } from "../data/load_dataset.ts";
import { createLoader } from "../data/create_loader.ts";
import { writeFileAtomic } from "../formats/atomic_write.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { manualSeed } from "../nn/init.ts";
import { GradScaler } from "../optim/grad_scaler.ts";
import { SGD } from "../optim/sgd.ts";
import { buildDistiller } from "./build_distiller.ts";
import type { EventSink } from "./events.ts";
import { RunFiles } from "./run_files.ts";
import { initialState, type RunState } from "./run_state.ts";
import { trained, Trainer } from "./trainer.ts";

/** What {@linkcode Run} needs. */
export interface RunOptions {
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
  /** Hears what happens. */
  readonly sink: EventSink;
  /** Stops and saves the run when aborted. */
  readonly signal?: AbortSignal;
  /** How to go on after an interruption, for the message. */
  readonly resumeCommand: string;
}

/** Trains what a configuration describes, with its files: the whole of `train` but the terminal. */
export class Run {
  private constructor(
    readonly options: RunOptions,
    readonly trainer: Trainer,
    readonly files: RunFiles,
    readonly state: RunState,
  ) {}

  /**
   * Builds models, data loaders and the optimiser, and loads the teacher and, to resume, the state.
   *
   * @throws with one sentence when a file is missing or does not fit.
   */
  static async open(options: RunOptions): Promise<Run> {
    const { config, gpu, splits, sink, folder, signal } = options;
    const { SOLVER } = config;
    manualSeed(SOLVER.SEED);
    const distiller = await buildDistiller(config, splits.train, options.teacherPath);
    const optimizer = new SGD(trained(distiller).flatMap((module) => module.parameters()), {
      lr: SOLVER.LR,
      momentum: SOLVER.MOMENTUM,
      weightDecay: SOLVER.WEIGHT_DECAY,
      nesterov: SOLVER.NESTEROV,
    });
    const scaler = SOLVER.AMP ? new GradScaler(gpu) : null;
    const files = new RunFiles(folder, config, distiller, optimizer, sink, scaler);
    const state = options.resume ? files.restore() : initialState();
    const trainer = new Trainer({
      gpu,
      distiller,
      optimizer,
      scaler,
      train: createLoader(splits.train, {
        batchSize: SOLVER.BATCH_SIZE,
        train: true,
        seed: SOLVER.SEED,
      }),
      test: createLoader(splits.test, {
        batchSize: config.DATASET.TEST.BATCH_SIZE,
        train: false,
      }),
      batchSize: SOLVER.BATCH_SIZE,
      epochs: SOLVER.EPOCHS,
      learningRate: {
        base: SOLVER.LR,
        stages: SOLVER.LR_DECAY_STAGES,
        rate: SOLVER.LR_DECAY_RATE,
      },
      pointEvery: config.LOG.TENSORBOARD_FREQ,
      sink,
      signal,
      save: (kind, at) => files.save(kind, at),
    }, state);
    return new Run(options, trainer, files, state);
  }

  /** Trains to the end, or until interrupted; returns whether it reached the end. */
  async train(): Promise<boolean> {
    const { sink, config, gpu, folder, resumeCommand } = this.options;
    const { distiller, train } = this.trainer.options;
    const { state } = this;
    writeFileAtomic(join(folder, "config.yaml"), configToYaml(config));
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
    const finished = await this.trainer.run();
    if (finished) {
      const { bestTop1, bestEpoch, lastTop1, seconds } = state;
      sink({ type: "run_end", bestTop1, bestEpoch, lastTop1, seconds, outputDir: folder });
    } else {
      sink({ type: "interrupted", epoch: state.epoch, step: state.step, resumeCommand });
    }
    return finished;
  }

  /** Frees device memory. */
  dispose(): void {
    const { gpu, distiller, optimizer, scaler, train, test } = this.trainer.options;
    train.close();
    test.close();
    this.trainer.dispose();
    optimizer.dispose();
    scaler?.dispose();
    for (const module of trained(distiller)) module.dispose();
    distiller.teacher?.dispose();
    distiller.dispose?.();
    gpu.onCompile = undefined;
    gpu.trim();
  }
}
