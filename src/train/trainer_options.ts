import type { BatchSource } from "../data/loading/batch.ts";
import type { Distiller } from "../distill/distiller.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Module } from "../nn/module.ts";
import type { GradScaler } from "../optim/grad_scaler.ts";
import type { ModelEma } from "../optim/model_ema.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { LearningRate } from "../optim/schedules.ts";
import type { Group } from "../parallel/group.ts";
import type { EventSink } from "./events.ts";
import type { LabelSettings } from "./label_settings.ts";
import type { RunState } from "./run_state.ts";
import type { GradientHook } from "./train_step.ts";

/** Settings of a `Trainer`. */
export interface TrainerOptions extends LabelSettings {
  /** The device. */
  readonly gpu: Gpu;
  /** Makes the losses. */
  readonly distiller: Distiller;
  /** Moves the parameters. */
  readonly optimizer: Optimizer;
  /** Scales the losses; turns mixed precision on. */
  readonly scaler?: GradScaler | null;
  /** Training batches. */
  readonly train: BatchSource;
  /** Batches of the evaluation. */
  readonly test: BatchSource;
  /** Images in a training batch, those of all processes together. */
  readonly batchSize: number;
  /** Epochs of the whole run. */
  readonly epochs: number;
  /** Of every step. */
  readonly learningRate: LearningRate;
  /** Batches whose mean gradient makes one update; at an epoch's end, of as many as are left. Default 1. */
  readonly accumulate?: number;
  /** Clips the l2 norm of all gradients to this; 0, the default, leaves them. */
  readonly clipNorm?: number;
  /** An average of the student, which is evaluated too. */
  readonly ema?: ModelEma | null;
  /** Modules of the student that stay in evaluation mode, as frozen batch normalisation does. */
  readonly frozen?: readonly Module[];
  /** The processes that train together; default this one alone. */
  readonly group?: Group;
  /** Whether batch normalisation takes its statistics over all processes; default false: each over its own images. */
  readonly syncBatchNorm?: boolean;
  /** Whether losses that compare the images of a batch compare those of all processes; default false. */
  readonly gatherBatch?: boolean;
  /** Bytes of gradients that processes exchange at once, at least; default an eighth of all, and 1 MiB or more. */
  readonly bucketBytes?: number;
  /** Ends after so many epochs in a row without a better best top-1; 0, the default, does not. */
  readonly patience?: number;
  /** Sees the gradients before every update. */
  readonly onGradients?: GradientHook;
  /** Steps of the run between two `point` events. */
  readonly pointEvery: number;
  /** Hears what happens. */
  readonly sink: EventSink;
  /** Saves `latest`, and more where asked; `totals` are those of an unfinished epoch. */
  readonly save: (kind: SaveKind, state: RunState) => Promise<void>;
  /** Stops after the update or the evaluation batch under way when aborted. */
  readonly signal?: AbortSignal;
}

/** Why a checkpoint is written. */
export type SaveKind = "interrupted" | "epoch" | "best";
