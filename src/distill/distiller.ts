import type { Model } from "../models/model.ts";
import type { Module } from "../nn/module.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Targets } from "./targets.ts";

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

/** What a distiller may need to know of a batch beside its images and labels. */
export interface BatchInfo {
  /** Position of each image in the data set, [N]; missing where the images come from elsewhere. */
  readonly indices?: Int32Array;
}

/** A way to train a student. */
export interface Distiller {
  /** The model that is trained. */
  readonly student: Model;
  /** The model that teaches, in eval mode between the steps; null where there is none. */
  readonly teacher: Model | null;
  /** Modules trained beside the student, by the name they have in a checkpoint. */
  readonly extraModules: Readonly<Record<string, Module>>;
  /**
   * Whether {@linkcode Distiller.forwardTrain} reads `preactFeats` of the student or the teacher; where it says false they are
   * left out, and a step is faster. Default true.
   */
  readonly readsPreact?: boolean;
  /** Why images that are mixed in pairs (mixup, CutMix) are refused, as a clause; missing where they are not. */
  readonly refusesMixing?: string;
  /** Whether {@linkcode Distiller.forwardTrain} does the same at both positions. */
  sameSchedule(a: Schedule, b: Schedule): boolean;
  /**
   * Called before every step, replayed ones too, to write what changes from batch to batch into tensors that
   * {@linkcode Distiller.forwardTrain} reads.
   */
  startStep?(batch: BatchInfo, schedule: Schedule): void;
  /**
   * Losses of one training batch: images [N, C, H, W], labels int32 [N].
   *
   * @param targets what label smoothing, class weights, mixup and CutMix make of the labels: losses of labels that are taken
   * from it follow these settings, and where none is they are refused; always given by the trainer
   */
  forwardTrain(
    images: Tensor,
    labels: Tensor,
    schedule: Schedule,
    targets?: Targets,
  ): DistillerOutput;
  /** Frees what is neither in the models nor in {@linkcode Distiller.extraModules}. */
  dispose?(): void;
}
