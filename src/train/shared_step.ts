import type { BatchPart } from "../data/loading/batch.ts";
import type { FlatSlot } from "../optim/flat_group.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Group } from "../parallel/group.ts";
import type { SharedBatch } from "../tensor/shared_batch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type GradientBucket, gradientBuckets } from "./gradient_buckets.ts";
import { SCALING, TOTALS } from "./metrics/step_totals.ts";

/** What of a step is done over all processes. */
export interface SharedSettings {
  /** The processes. */
  readonly group: Group;
  /** Images of a whole batch, those of all processes together. */
  readonly batchSize: number;
  /** Whether batch normalisation takes its statistics over all processes; default false. */
  readonly syncBatchNorm?: boolean;
  /** Whether losses that compare a batch's images compare those of all processes; default false. */
  readonly gatherBatch?: boolean;
  /** Bytes of gradients that are exchanged at once, at least; default as `gradientBuckets()` has it. */
  readonly bucketBytes?: number;
  /** Whether this process is asked to stop; all stop behind the same update. */
  readonly wantsStop?: () => boolean;
}

/** Where the message behind every backward pass holds how many processes want to stop. */
const STOP = TOTALS;

/**
 * The part of a step that is shared by processes which have a part of the batch each: the sums of the gradients, in buckets
 * that go through the host while the backward pass goes on, and of the metrics.
 */
export class SharedStep {
  /** As `TrainStep.totals`, over all processes and up to the last update. */
  readonly sums: Float32Array<ArrayBuffer> = new Float32Array(TOTALS);
  /** Whether any process wants to stop, as all know since the last update. */
  stopping = false;
  readonly #buckets: readonly GradientBucket[];
  /** What is left of the buckets in the recording under way. */
  #left: Map<GradientBucket, Set<FlatSlot>> = new Map();
  #part: BatchPart | null = null;

  /** `totals`: the device's, of this process since the last update. */
  constructor(
    readonly settings: SharedSettings,
    readonly optimizer: Optimizer,
    readonly totals: Tensor,
  ) {
    this.#buckets = gradientBuckets(optimizer.groups, settings.bucketBytes);
  }

  /** Bytes of each bucket, in the order in which they are exchanged. */
  get bucketBytes(): number[] {
    return this.#buckets.map(({ range: { size } }) => size);
  }

  /** Takes over which part of the next batch is this process's; returns whether the batch is a whole one. */
  begin(part: BatchPart): boolean {
    this.#part = part;
    return part.labels.length === this.settings.batchSize;
  }

  /** What ops have to know of the batch. */
  get batch(): SharedBatch {
    const { group, syncBatchNorm = false, gatherBatch = false } = this.settings;
    const { places, spare, labels } = this.#part!;
    return {
      ...{ places, spare, size: labels.length, rank: group.rank, ranks: group.size },
      ...{ syncBatchNorm, gatherBatch, sum: (values) => group.allReduceSum(values) },
    };
  }

  /** What the mean over this process's images counts in that over the whole batch's. */
  get share(): number {
    const { places, spare, labels } = this.#part!;
    return spare ? 0 : places.length / labels.length;
  }

  /** What a mean over this process's images counts in the metrics, where one over a whole batch counts 1. */
  get weight(): number {
    const { places, spare } = this.#part!;
    return spare ? 0 : places.length / this.settings.batchSize;
  }

  /** Begins a recording whose gradients {@linkcode SharedStep.onGradient} hears of. */
  start(): void {
    this.#left = new Map(this.#buckets.map((bucket) => [bucket, new Set(bucket.slots)]));
  }

  /** Exchanges the gradients of a bucket as soon as it is complete. */
  readonly onGradient = (leaf: Tensor): void => {
    for (const [bucket, slots] of this.#left) {
      const slot = bucket.slots.find(({ parameter }) => parameter === leaf);
      if (!slot) continue;
      slots.delete(slot);
      if (slots.size === 0) this.#exchange(bucket, true);
      return;
    }
  };

  /** Exchanges the gradients that are left, those of parameters without any among them, and the metrics. */
  finish(): void {
    for (const bucket of this.#left.keys()) this.#exchange(bucket, false);
    const { storage: { buffer, offset, gpu }, numel } = this.totals;
    const place = { buffer, offset, size: 4 * numel };
    gpu.exchange(place, (own) => this.#addMetrics(own), { wait: false, back: false });
    this.totals.zero_();
  }

  #exchange(bucket: GradientBucket, gather: boolean): void {
    this.#left.delete(bucket);
    if (gather) { for (const slot of bucket.slots) bucket.group.gatherEarly(slot); }
    const { group } = this.settings;
    const { gpu } = bucket.group.gradients.storage;
    gpu.exchange(bucket.range, (values) => group.allReduceSum(values), { wait: false });
  }

  async #addMetrics(own: Float32Array): Promise<void> {
    const { group, wantsStop } = this.settings;
    const message = new Float32Array(TOTALS + 1);
    message.set(own);
    message[1] = Number(own[1] > 0);
    message[STOP] = Number(wantsStop?.() ?? false);
    await group.allReduceSum(message);
    const { sums } = this;
    // Of batches that make one update together it is not known which one it was.
    if (message[1] > 0 && sums[1] === 0) sums[1] = sums[0] + own[0];
    sums[0] += own[0];
    for (let i = 2; i < SCALING.scale; i++) sums[i] += message[i];
    // All have the same, as it was before the update.
    sums.set(own.subarray(SCALING.scale), SCALING.scale);
    this.stopping = message[STOP] > 0;
  }
}
