import type { BufferRange } from "../../gpu/gpu.ts";
import { addStepMetrics } from "../../ops/reduce/step_metrics.ts";
import { type GradScaler, SCALER_COUNTS } from "../../optim/grad_scaler.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Numbers in `TrainStep.totals`: room for eight loss terms and what {@linkcode SCALING} names. */
export const TOTALS = 16;

/** Where `TrainStep.totals` hold the loss scaler's state as it is: not sums; zeros without a scaler. */
export const SCALING = {
  scale: TOTALS - 3,
  skipped: TOTALS - 2,
  skippedInARow: TOTALS - 1,
} as const;

/**
 * Adds a step's losses and hits to the totals, on the device.
 *
 * @param weight what the losses count, where those of a whole batch count 1; at 0 the hits count nothing either
 */
export function addTotals(
  totals: Tensor,
  { loss, losses, logits, labels }: {
    readonly loss: Tensor;
    readonly losses: Readonly<Record<string, Tensor>>;
    readonly logits: Tensor;
    readonly labels: Tensor;
  },
  weight: number,
): void {
  const terms = [loss, ...Object.values(losses)].map((term) => term.detach().to("float32"));
  const found = logits.detach().to("float32");
  const ks = [1, Math.min(5, logits.shape[1])] as const;
  addStepMetrics(totals, { terms, logits: found, labels, ks }, weight);
}

/** Copies the loss scaler's state to its place in the totals. */
export function copyScaling(totals: Tensor, { scaleFactor, counts }: GradScaler): void {
  const copyNumber = ({ storage }: Tensor, from: number, to: number) => {
    const at = ({ buffer, offset }: BufferRange, i: number) => {
      return { buffer, offset: offset + 4 * i, size: 4 };
    };
    totals.storage.gpu.copy(at(storage, from), at(totals.storage, to));
  };
  copyNumber(scaleFactor, 0, SCALING.scale);
  copyNumber(counts, SCALER_COUNTS.skipped, SCALING.skipped);
  copyNumber(counts, SCALER_COUNTS.skippedInARow, SCALING.skippedInARow);
}
