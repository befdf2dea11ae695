import type { BatchSource } from "../data/batch.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { ReadbackRing } from "../gpu/readback_ring.ts";
import type { Model } from "../models/model.ts";
import { addInPlace } from "../ops/add_in_place.ts";
import { argmax } from "../ops/argmax.ts";
import { cat } from "../ops/cat.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { topKCorrect } from "../ops/top_k_correct.ts";
import { noGrad } from "../tensor/autograd.ts";
import { zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { TestMetrics } from "./events.ts";

/** Options of {@linkcode Evaluator.run}. */
export interface EvaluateOptions {
  /** Told after every batch how many of how many images are done. */
  readonly progress?: (done: number, total: number) => void;
  /** Stops the evaluation when aborted. */
  readonly signal?: AbortSignal;
}

/** Told of a batch which classes the model found, and which are right, [N] each; in any order of the batches. */
export type PredictionSink = (predicted: Int32Array, labels: Int32Array) => void;

/** Batches between two waits for the device: they bound what is queued and let signals arrive. */
const WAIT_EVERY = 4;

/**
 * Evaluates a model over a data set: recorded once, replayed for every batch, read back once. The
 * model is left in the mode it was in.
 */
export class Evaluator {
  readonly #totals: Tensor;
  readonly #steps = new Map<number, EvaluationStep>();

  /** Allocates the totals; the predictions of every batch are read back where somebody is told of them. */
  constructor(readonly gpu: Gpu, readonly model: Model, readonly onPredictions?: PredictionSink) {
    this.#totals = zeros([3], { device: gpu });
  }

  /** Loss, top-1 and top-5 over all images of `loader`; null when it was stopped. */
  async run(loader: BatchSource, options: EvaluateOptions = {}): Promise<TestMetrics | null> {
    const { progress, signal } = options;
    const start = performance.now();
    this.#totals.copy_(new Float32Array(3));
    const wasTraining = this.model.training;
    this.model.eval();
    let done = 0;
    let batches = 0;
    for await (const batch of loader.epoch(1)) {
      await this.#step(loader, batch.size).run(batch);
      done += batch.size;
      if (++batches % WAIT_EVERY === 0) await this.gpu.finished();
      if (signal?.aborted) break;
      progress?.(done, loader.dataset.length);
    }
    for (const step of this.#steps.values()) await step.drain();
    const [loss, top1, top5] = await this.#totals.data();
    this.model.train(wasTraining);
    if (signal?.aborted) return null;
    return {
      loss: loss / done,
      top1: 100 * top1 / done,
      top5: 100 * top5 / done,
      seconds: (performance.now() - start) / 1000,
    };
  }

  /** Frees recordings and buffers. */
  dispose(): void {
    for (const step of this.#steps.values()) step.dispose();
    this.#totals.dispose();
  }

  #step(loader: BatchSource, size: number): EvaluationStep {
    let step = this.#steps.get(size);
    if (!step) {
      const { channels, height, width } = loader.dataset;
      const shape = [size, channels, height, width] as const;
      step = new EvaluationStep(this.gpu, this.model, this.#totals, shape, this.onPredictions);
      this.#steps.set(size, step);
    }
    return step;
  }
}

class EvaluationStep {
  readonly #images: Tensor;
  readonly #labels: Tensor;
  readonly #predictions: ReadbackRing<Int32Array> | null;
  #predicted: Tensor | null = null;
  #recording: { replay(): number; dispose(): void } | null = null;

  constructor(
    readonly gpu: Gpu,
    readonly model: Model,
    readonly totals: Tensor,
    readonly shape: readonly [number, number, number, number],
    onPredictions?: PredictionSink,
  ) {
    this.#images = zeros(shape, { device: gpu });
    this.#labels = zeros([shape[0]], { device: gpu, dtype: "int32" });
    this.#predictions = onPredictions
      ? new ReadbackRing(
        gpu,
        4 * shape[0],
        (bits, labels) => onPredictions(new Int32Array(bits.buffer), labels),
      )
      : null;
  }

  async run(batch: { images: Float32Array; labels: Int32Array }): Promise<void> {
    this.#images.copy_(batch.images.subarray(0, this.#images.numel));
    this.#labels.copy_(batch.labels.subarray(0, this.shape[0]));
    if (this.#recording) this.#recording.replay();
    else this.#recording = await this.gpu.record(() => noGrad(() => this.#step()));
    if (this.#predictions) {
      await this.#predictions.push(this.#predicted!.storage, batch.labels.slice(0, this.shape[0]));
    }
  }

  async drain(): Promise<void> {
    await this.#predictions?.drain();
  }

  dispose(): void {
    this.#predictions?.dispose();
    this.#predicted?.dispose();
    this.#recording?.dispose();
    this.#images.dispose();
    this.#labels.dispose();
  }

  #step(): void {
    const { logits } = this.model.forward(this.#images);
    const loss = crossEntropy(logits, this.#labels, { reduction: "sum" });
    const hits = topKCorrect(logits, this.#labels, [1, Math.min(5, logits.shape[1])]);
    addInPlace(this.totals, cat([loss.reshape(1), hits]));
    if (this.#predictions) this.#predicted = argmax(logits, 1).keep();
  }
}
