import type { Model } from "../models/model.ts";
import type { Module } from "../nn/module.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What a distiller makes of one batch. */
export interface DistillerOutput {
  /** The student's logits, [N, classes]. */
  readonly logits: Tensor;
  /** Weighted terms of the loss by name, such as `loss_ce`; their sum is minimised. */
  readonly losses: Readonly<Record<string, Tensor>>;
}

/** Position in the training schedule. */
export interface Schedule {
  /** Epoch, counted from 1. */
  readonly epoch: number;
  /** Epochs of the whole run. */
  readonly epochs: number;
}

/** A way to train a student. */
export interface Distiller {
  /** The model that is trained. */
  readonly student: Model;
  /** The model that teaches, in eval mode; null where there is none. */
  readonly teacher: Model | null;
  /** Modules trained beside the student, by the name they have in a checkpoint. */
  readonly extraModules: Readonly<Record<string, Module>>;
  /** Whether {@linkcode Distiller.forwardTrain} does the same at both positions. */
  sameSchedule(a: Schedule, b: Schedule): boolean;
  /** Losses of one training batch: images [N, C, H, W], labels int32 [N]. */
  forwardTrain(images: Tensor, labels: Tensor, schedule: Schedule): DistillerOutput;
  /** Frees what is neither in the models nor in {@linkcode Distiller.extraModules}. */
  dispose?(): void;
}
