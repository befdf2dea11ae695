import { Module } from "../nn/module.ts";
import type { Linear } from "../nn/linear.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Intermediate results of a model, as the authors' models return them. */
export interface Features {
  /** After the stem and after every stage, behind the ReLU. */
  readonly feats: readonly Tensor[];
  /** The same before the ReLU (the stem's is behind it). */
  readonly preactFeats: readonly Tensor[];
  /** Average over space of the last, [N, C]. */
  readonly pooledFeat: Tensor;
}

/** What a model returns for a batch. */
export interface ModelOutput {
  /** [N, classes] */
  readonly logits: Tensor;
  /** Features on the way to the logits. */
  readonly features: Features;
}

/** Settings every model has. */
export interface ModelOptions {
  /** Default 100. */
  numClasses?: number;
  /** Channels of the images. Default 3. */
  inChannels?: number;
}

/** An image classifier. */
export abstract class Model extends Module {
  /** The last layer. */
  abstract readonly classifier: Linear;
  /** Channels of each of {@linkcode Features.feats}. */
  abstract readonly stageChannels: readonly number[];
  /** Logits and features of images [N, C, H, W]. */
  abstract forward(images: Tensor): ModelOutput;
}
