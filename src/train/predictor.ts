import type { Gpu } from "../gpu/gpu.ts";
import { ReadbackRing } from "../gpu/readback_ring.ts";
import { tune } from "../gpu/tune.ts";
import type { Model } from "../models/model.ts";
import { withoutPreact } from "../models/wanted_features.ts";
import { Folding } from "../nn/folding.ts";
import { noGrad } from "../tensor/autograd.ts";
import { zeros } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Logits of batch after batch of one shape: recorded once, replayed for every batch, read back without waiting for the device
 * while it has others to do. Normalisations are folded into convolutions, of the weights as they are at the first batch.
 */
export class Predictor<Tag> {
  readonly #images: Tensor;
  readonly #folding = new Folding();
  #ring: ReadbackRing<Tag> | null = null;
  #logits: Tensor | null = null;
  #recording: { replay(): number; dispose(): void } | null = null;

  /**
   * Allocates the images.
   *
   * @param model in evaluation mode
   * @param shape of a batch, [N, channels, height, width]
   * @param onLogits gets the logits of a batch, [N, classes], with what {@linkcode Predictor.run} was told, in order
   */
  constructor(
    readonly gpu: Gpu,
    readonly model: Model,
    readonly shape: readonly [number, number, number, number],
    readonly onLogits: (logits: Float32Array, tag: Tag) => void,
  ) {
    this.#images = zeros(shape, { device: gpu });
  }

  /** Starts on a batch; waits for an earlier one where several are under way. */
  async run(images: Float32Array, tag: Tag): Promise<void> {
    this.#images.copy_(images);
    if (this.#recording) this.#recording.replay();
    else {
      await tune(this.gpu, () => noGrad(() => scope(() => void this.model.forward(this.#images))));
      this.#recording = await this.gpu.record(() =>
        noGrad(() => {
          const forward = () => this.model.forward(this.#images).logits;
          this.#logits = this.#folding.run(() => withoutPreact(forward)).keep();
        })
      );
    }
    const { storage, numel } = this.#logits!;
    this.#ring ??= new ReadbackRing(this.gpu, 4 * numel, this.onLogits);
    await this.#ring.push(storage, tag);
  }

  /** Waits for all batches that are under way. */
  async drain(): Promise<void> {
    await this.#ring?.drain();
  }

  /** Frees the recording and its buffers. */
  dispose(): void {
    this.#ring?.dispose();
    this.#logits?.dispose();
    this.#recording?.dispose();
    this.#folding.dispose();
    this.#images.dispose();
  }
}

/** A class that a model finds, and how sure it is. */
export interface Prediction {
  /** Number of the class. */
  readonly label: number;
  /** Soft-max of the logits, 0 to 1. */
  readonly probability: number;
}

/**
 * The likeliest classes of one picture, the likeliest first; of equals the one with the lower number. Null where a logit is
 * no finite number.
 *
 * @param logits [classes]
 * @param k how many, at least 1; all classes where it is more
 */
export function likeliest(logits: Float32Array, k: number): Prediction[] | null {
  if (!logits.every(Number.isFinite)) return null;
  const best: number[] = [];
  for (let label = 0; label < logits.length; label++) {
    if (best.length === k && !(logits[label] > logits[best[k - 1]])) continue;
    const behind = best.findIndex((each) => logits[each] < logits[label]);
    best.splice(behind < 0 ? best.length : behind, 0, label);
    if (best.length > k) best.pop();
  }
  const largest = logits[best[0]];
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  return best.map((label) => ({ label, probability: Math.exp(logits[label] - largest) / sum }));
}
