import type { BatchSource } from "../data/loading/batch.ts";
import { isBalanced } from "../data/class_balance.ts";
import type { DatasetInfo } from "../data/image_dataset.ts";
import { UserError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { ReadbackRing } from "../gpu/readback_ring.ts";
import { tune } from "../gpu/tune.ts";
import type { Model } from "../models/model.ts";
import { withoutPreact } from "../models/wanted_features.ts";
import { Folding } from "../nn/folding.ts";
import { addInPlace } from "../ops/elementwise/add_in_place.ts";
import { argmax } from "../ops/reduce/argmax.ts";
import { addClassHits } from "../ops/reduce/class_hits.ts";
import { topKCorrect } from "../ops/reduce/top_k_correct.ts";
import { cat } from "../ops/shape/cat.ts";
import { crossEntropy } from "../ops/softmax/cross_entropy.ts";
import { ALONE, type Group } from "../parallel/group.ts";
import { noGrad } from "../tensor/autograd.ts";
import { zeros } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { EvaluationRounds, WAIT_EVERY } from "./evaluation_rounds.ts";
import type { TestMetrics } from "./events.ts";
import { hasTop5 } from "./metrics/run_metrics.ts";

/** Options of {@linkcode Evaluator.run}. */
export interface EvaluateOptions {
  /** Told after every batch how many of how many images are done. */
  readonly progress?: (done: number, total: number) => void;
  /** Stops the evaluation when aborted. */
  readonly signal?: AbortSignal;
}

/** Told of a batch which classes the model found, and which are right, [N] each; in any order of the batches. */
type PredictionSink = (predicted: Int32Array, labels: Int32Array) => void;

/**
 * Evaluates a model over a data set: recorded once, replayed for every batch, read back once. Its normalisations are folded
 * into its convolutions, of the weights as they are when an evaluation begins. The model is left in the mode it was in.
 * Several processes evaluate their own images each, and all get the whole.
 */
export class Evaluator {
  readonly #totals: Tensor;
  readonly #steps: EvaluationStep[] = [];
  readonly #folding = new Folding();
  /** Right predictions by class, [classes], where the classes are not of one size. */
  #hits: Tensor | null = null;

  /**
   * Allocates the totals; the predictions of every batch, of this process's images, are read back where somebody is told of
   * them.
   */
  constructor(
    readonly gpu: Gpu,
    readonly model: Model,
    readonly onPredictions?: PredictionSink,
    readonly group: Group = ALONE,
  ) {
    this.#totals = zeros([3], { device: gpu });
  }

  /**
   * Loss, top-1 and top-5 over all images of `loader`, and the balanced accuracy where its classes are not of one size; null
   * when it was stopped.
   *
   * @throws UserError where the loader has no image that can be decoded; what the loader itself throws.
   */
  async run(loader: BatchSource, options: EvaluateOptions = {}): Promise<TestMetrics | null> {
    const start = performance.now();
    this.#totals.copy_(new Float32Array(3));
    this.#countByClass(loader.dataset);
    const seen = new Int32Array(this.#hits?.numel ?? 0);
    const wasTraining = this.model.training;
    this.model.eval();
    this.#folding.refresh();
    let done: number;
    try {
      done = await this.#batches(loader, options, seen);
      for (const step of this.#steps) await step.drain();
    } catch (error) {
      await Promise.allSettled(this.#steps.map((step) => step.drain()));
      throw error;
    } finally {
      this.model.train(wasTraining);
    }
    const { images, stopped, sums: [loss, top1, top5], hits } = await this.#sum(
      done,
      seen,
      options.signal,
    );
    if (stopped) return null;
    if (images === 0) throw new UserError(`no image of ${loader.dataset.name} could be evaluated`);
    return {
      loss: loss / images,
      top1: 100 * top1 / images,
      ...(hasTop5(loader.dataset.classes.length) && { top5: 100 * top5 / images }),
      ...(hits && { balancedAccuracy: meanRecall(hits, seen) }),
      seconds: (performance.now() - start) / 1000,
    };
  }

  /** The results over all processes; `seen` becomes that of all. */
  async #sum(done: number, seen: Int32Array, signal: AbortSignal | undefined) {
    const own = [await this.#totals.data(), this.#hits ? await this.#hits.data() : []];
    const all = Float32Array.of(
      done,
      Number(signal?.aborted ?? false),
      ...own[0],
      ...own[1],
      ...seen,
    );
    await this.group.allReduceSum(all);
    const [images, stopped] = all;
    const hits = this.#hits && all.subarray(5, 5 + seen.length);
    seen.set(all.subarray(all.length - seen.length));
    return { images, stopped: stopped > 0, sums: all.subarray(2, 5), hits };
  }

  /** Has right predictions counted by class from 0 on, where a data set's classes are not of one size. */
  #countByClass({ labels, classes: { length: classes } }: DatasetInfo): void {
    const wanted = isBalanced(labels, classes) ? 0 : classes;
    if (wanted !== (this.#hits?.numel ?? 0)) {
      for (const step of this.#steps.splice(0)) step.dispose();
      this.#hits?.dispose();
      this.#hits = wanted > 0 ? zeros([wanted], { device: this.gpu }) : null;
    }
    this.#hits?.zero_();
  }

  /** Runs the batches, counting their images by class where `seen` has room; returns how many there were. */
  async #batches(
    loader: BatchSource,
    { progress, signal }: EvaluateOptions,
    seen: Int32Array,
  ): Promise<number> {
    let [done, batches] = [0, 0];
    const rounds = new EvaluationRounds(this.group, loader, signal, progress);
    await rounds.begin();
    for await (const batch of loader.epoch(1)) {
      // Where images that cannot be decoded are left out, nothing may be left of a batch.
      if (batch.size > 0) await (await this.#step(loader, batch.size)).run(batch);
      done += batch.size;
      for (let i = 0; seen.length > 0 && i < batch.size; i++) seen[batch.labels[i]]++;
      if (++batches % WAIT_EVERY === 0) {
        await this.gpu.finished();
        await rounds.meet(done);
      }
      if (rounds.stopped) break;
      rounds.tell(done);
    }
    await rounds.finish(done);
    return done;
  }

  /** Frees recordings and buffers. */
  dispose(): void {
    for (const step of this.#steps) step.dispose();
    this.#folding.dispose();
    this.#totals.dispose();
    this.#hits?.dispose();
  }

  /** The step of a batch's size; two are kept, that of whole batches and the last other one. */
  async #step(loader: BatchSource, size: number): Promise<EvaluationStep> {
    const kept = this.#steps.find((step) => step.shape[0] === size);
    if (kept) return kept;
    if (this.#steps.length === 2) {
      this.#steps.sort((a, b) => b.shape[0] - a.shape[0]);
      const smaller = this.#steps.pop()!;
      await smaller.drain();
      smaller.dispose();
    }
    const { channels, height, width } = loader.dataset;
    const shape = [size, channels, height, width] as const;
    const totals = { totals: this.#totals, hits: this.#hits };
    const forward = (images: Tensor) =>
      this.#folding.run(() => withoutPreact(() => this.model.forward(images).logits));
    const step = new EvaluationStep(this.gpu, forward, totals, shape, this.onPredictions);
    this.#steps.push(step);
    return step;
  }
}

/**
 * Loss, top-1 and top-5 of a model over all images of a loader, and the balanced accuracy where its classes are not of one
 * size; null when it was stopped. The model is left in the mode it was in.
 *
 * @throws UserError where no image can be decoded; what the loader itself throws.
 */
export async function evaluate(
  model: Model,
  loader: BatchSource,
  options: EvaluateOptions = {},
): Promise<TestMetrics | null> {
  const evaluator = new Evaluator(model.classifier.weight.gpu, model);
  try {
    return await evaluator.run(loader, options);
  } finally {
    evaluator.dispose();
  }
}

/** Mean over the classes that were seen of how many of them were found, in percent. scikit-learn: `balanced_accuracy_score`. */
function meanRecall(hits: ArrayLike<number>, seen: Int32Array): number {
  const recalls = Array.from(seen, (images, c) => hits[c] / images).filter(Number.isFinite);
  return 100 * recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
}

class EvaluationStep {
  readonly #images: Tensor;
  readonly #labels: Tensor;
  readonly #predictions: ReadbackRing<Int32Array> | null;
  #predicted: Tensor | null = null;
  #recording: { replay(): number; dispose(): void } | null = null;

  constructor(
    readonly gpu: Gpu,
    readonly forward: (images: Tensor) => Tensor,
    readonly into: { readonly totals: Tensor; readonly hits: Tensor | null },
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
    else {
      await tune(this.gpu, () => noGrad(() => scope(() => void this.forward(this.#images))));
      this.#recording = await this.gpu.record(() => noGrad(() => this.#step()));
    }
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
    const logits = this.forward(this.#images);
    const loss = crossEntropy(logits, this.#labels, { reduction: "sum" });
    const hits = topKCorrect(logits, this.#labels, [1, Math.min(5, logits.shape[1])]);
    addInPlace(this.into.totals, cat([loss.reshape(1), hits]));
    if (this.into.hits) addClassHits(this.into.hits, logits, this.#labels);
    if (this.#predictions) this.#predicted = argmax(logits, 1).keep();
  }
}
