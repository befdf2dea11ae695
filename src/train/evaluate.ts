import type { DataLoader } from "../data/loader.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Model } from "../models/model.ts";
import { addInPlace } from "../ops/add_in_place.ts";
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

/** Batches between two waits for the device: they bound what is queued and let signals arrive. */
const WAIT_EVERY = 4;

/**
 * Evaluates a model over a data set: recorded once, replayed for every batch, read back once. The
 * model is left in the mode it was in.
 */
export class Evaluator {
  readonly #totals: Tensor;
  readonly #steps = new Map<number, EvaluationStep>();

  /** Allocates the totals. */
  constructor(readonly gpu: Gpu, readonly model: Model) {
    this.#totals = zeros([3], { device: gpu });
  }

  /** Loss, top-1 and top-5 over all images of `loader`; null when it was stopped. */
  async run(loader: DataLoader, options: EvaluateOptions = {}): Promise<TestMetrics | null> {
    const { progress, signal } = options;
    const start = performance.now();
    this.#totals.copy_(new Float32Array(3));
    const wasTraining = this.model.training;
    this.model.eval();
    let done = 0;
    let batches = 0;
    for (const batch of loader.epoch(1)) {
      await this.#step(loader, batch.size).run(batch);
      done += batch.size;
      if (++batches % WAIT_EVERY === 0) await this.gpu.finished();
      if (signal?.aborted) break;
      progress?.(done, loader.dataset.length);
    }
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

  #step(loader: DataLoader, size: number): EvaluationStep {
    let step = this.#steps.get(size);
    if (!step) {
      const { channels, height, width } = loader.dataset;
      step = new EvaluationStep(this.gpu, this.model, this.#totals, [
        size,
        channels,
        height,
        width,
      ]);
      this.#steps.set(size, step);
    }
    return step;
  }
}

class EvaluationStep {
  readonly #images: Tensor;
  readonly #labels: Tensor;
  #recording: { replay(): number; dispose(): void } | null = null;

  constructor(
    readonly gpu: Gpu,
    readonly model: Model,
    readonly totals: Tensor,
    readonly shape: readonly [number, number, number, number],
  ) {
    this.#images = zeros(shape, { device: gpu });
    this.#labels = zeros([shape[0]], { device: gpu, dtype: "int32" });
  }

  async run(batch: { images: Float32Array; labels: Int32Array }): Promise<void> {
    this.#images.copy_(batch.images.subarray(0, this.#images.numel));
    this.#labels.copy_(batch.labels.subarray(0, this.shape[0]));
    if (this.#recording) this.#recording.replay();
    else this.#recording = await this.gpu.record(() => noGrad(() => this.#step()));
  }

  dispose(): void {
    this.#recording?.dispose();
    this.#images.dispose();
    this.#labels.dispose();
  }

  #step(): void {
    const { logits } = this.model.forward(this.#images);
    const loss = crossEntropy(logits, this.#labels, { reduction: "sum" });
    const hits = topKCorrect(logits, this.#labels, [1, Math.min(5, logits.shape[1])]);
    addInPlace(this.totals, cat([loss.reshape(1), hits]));
  }
}
