import type { BatchSource } from "../../data/loading/batch.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { Model } from "../../models/model.ts";
import { likeliest, Predictor } from "../../train/predictor.ts";
import { toBase64 } from "../client/bytes.ts";
import type { Predictions } from "./model_data.ts";

/** What a model said of each image of a data set. */
export class PredictionList {
  /** Class that was found; -1 where there is none. */
  readonly predicted: Int32Array;
  /** Its probability. */
  readonly confidence: Float32Array;
  /** Probability of the right class. */
  readonly truth: Float32Array;
  /** Logits of the images at the positions that are kept. */
  readonly logits = new Map<number, Float32Array>();

  /** For `count` images, of which those that `keep` says keep their logits. */
  constructor(count: number, readonly keep: (image: number) => boolean) {
    this.predicted = new Int32Array(count).fill(-1);
    this.confidence = new Float32Array(count);
    this.truth = new Float32Array(count);
  }

  /** Takes the logits of one image, [classes]. */
  add(image: number, logits: Float32Array, label: number): void {
    if (this.keep(image)) this.logits.set(image, logits.slice());
    const [best] = likeliest(logits, 1) ?? [];
    if (!best) return;
    const sum = logits.reduce((sum, logit) => sum + Math.exp(logit - logits[best.label]), 0);
    this.predicted[image] = best.label;
    this.confidence[image] = best.probability;
    this.truth[image] = Math.exp(logits[label] - logits[best.label]) / sum;
  }

  /** As a file keeps it, of the images at some positions. */
  packed(images: readonly number[]): Predictions {
    const of = <T extends Int32Array | Float32Array>(list: T, made: T) => {
      images.forEach((image, i) => made[i] = list[image]);
      return toBase64(new Uint8Array(made.buffer));
    };
    return {
      predicted: of(this.predicted, new Int32Array(images.length)),
      confidence: of(this.confidence, new Float32Array(images.length)),
      truth: of(this.truth, new Float32Array(images.length)),
    };
  }
}

/** What {@linkcode predict} may be told. */
interface PredictOptions {
  /** Says of an image's position whether its logits are kept. */
  readonly keep: (image: number) => boolean;
  /** Told how many of how many images are done. */
  readonly progress?: (done: number, total: number) => void;
  /** Ends it when aborted. */
  readonly signal?: AbortSignal;
}

/**
 * What models say of all images of a loader, which are read once.
 *
 * @returns a list for each model, and the positions of the images that could be read
 */
export async function predict(
  gpu: Gpu,
  models: readonly Model[],
  loader: BatchSource,
  batchSize: number,
  { keep, progress, signal }: PredictOptions,
): Promise<{ lists: PredictionList[]; seen: number[] }> {
  const { channels, height, width, length, labels } = loader.dataset;
  const lists = models.map(() => new PredictionList(length, keep));
  using predictors = new DisposableStack();
  const running = models.map((model, i) =>
    predictors.adopt(
      new Predictor<Int32Array>(gpu, model, [batchSize, channels, height, width], (all, images) => {
        const classes = all.length / batchSize;
        images.forEach((image, row) => {
          const logits = all.subarray(row * classes, (row + 1) * classes);
          lists[i].add(image, logits, labels[image]);
        });
      }),
      (it) => it.dispose(),
    )
  );
  const seen: number[] = [];
  for await (const { images, indices, size } of loader.epoch(1)) {
    const places = indices.slice(0, size);
    seen.push(...places);
    for (const each of running) await each.run(images, places);
    progress?.(seen.length, length);
    signal?.throwIfAborted();
  }
  for (const each of running) await each.drain();
  return { lists, seen: seen.sort((a, b) => a - b) };
}
