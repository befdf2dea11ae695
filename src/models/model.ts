import type { BatchNorm2d } from "../nn/batch_norm2d.ts";
import type { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Intermediate results of a model, as the authors' models return them. */
export interface Features {
  /** After the stem and after every stage; behind the ReLU in most models. */
  readonly feats: readonly Tensor[];
  /**
   * The same before the ReLU (the stem's is behind it); empty where the authors' model has none, and within
   * `withoutPreact()`, which steps of distillers that do not read them use.
   */
  readonly preactFeats: readonly Tensor[];
  /** What the classifier takes: an average over space, [N, C]. */
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
  /** Default 100, or 1000 for ImageNet's models. */
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
  /**
   * The last batch norm before the ReLU of each of the last {@linkcode Features.preactFeats}; empty where the authors'
   * model names none. mdistiller: `get_bn_before_relu`.
   */
  get normsBeforeRelu(): readonly BatchNorm2d[] {
    return [];
  }
  /** Logits and features of images [N, C, H, W]. */
  abstract forward(images: Tensor): ModelOutput;
}

/** Makes a model with given settings. */
export type ModelFactory = (options: ModelOptions) => Model;
