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

/** Told after every batch how many of how many images are done. */
export type EvaluationProgress = (done: number, total: number) => void;

/**
 * Evaluates a model over a data set: recorded once, replayed for every batch, read back once. The
 * model is left in the mode it was in.
 */
export class Evaluator {
  readonly #totals: Tensor;
  readonly #steps = new Map<number, EvaluationStep>();

  constructor(readonly gpu: Gpu, readonly model: Model) {
    this.#totals = zeros([3], { device: gpu });
  }

  /** Loss, top-1 and top-5 over all images of `loader`. */
  async run(loader: DataLoader, progress?: EvaluationProgress): Promise<TestMetrics> {
    const start = performance.now();
    this.#totals.copy_(new Float32Array(3));
    const wasTraining = this.model.training;
    this.model.eval();
    let done = 0;
    for (const batch of loader.epoch(1)) {
      await this.#step(loader, batch.size).run(batch);
      done += batch.size;
      progress?.(done, loader.dataset.length);
      if (done % (16 * batch.labels.length) === 0) await this.gpu.finished();
    }
    const [loss, top1, top5] = await this.#totals.data();
    this.model.train(wasTraining);
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
