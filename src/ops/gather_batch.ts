import { track } from "../tensor/autograd.ts";
import { Tensor } from "../tensor/core.ts";
import { numel } from "../tensor/shape.ts";
import { type SharedBatch, sharedBatch } from "../tensor/shared_batch.ts";
import { requireFloat } from "./require_dtype.ts";
import { sumOverProcesses } from "./sum_over_processes.ts";

/**
 * The rows of the whole batch where processes share it and losses that compare images are to see all of them; else `x` as it
 * is. The gradient is that of all processes' losses.
 *
 * @param x float32 [N, ...], a row for each of this process's images
 * @returns [images of the whole batch, ...]
 */
export function gatherBatch(x: Tensor): Tensor {
  const batch = sharedBatch();
  if (!batch?.gatherBatch) return x;
  const whole = wholeBatch(x, batch);
  sumOverProcesses(whole, batch);
  return track("gather_batch", [x], whole, (dy) => {
    const sums = Tensor.result(x.gpu, dy.shape);
    x.gpu.copy(dy.storage, sums.storage, 4 * dy.numel);
    sumOverProcesses(sums, batch);
    const own = Tensor.result(x.gpu, x.shape);
    if (batch.spare) own.zero_();
    else copyRows(batch, sums, own, false);
    sums.dispose();
    return [own];
  });
}

/**
 * The rows of the whole batch that processes share, and an integer for each, on all of them: outside of the tape.
 *
 * @param x float32 [N, ...]
 * @param index int32 [N], the same as `numbers()` says on the host; below 2^24
 * @param numbers of the batch under way
 * @param wholeIndex int32 [images of the whole batch], written
 */
export function gatherIndexed(
  x: Tensor,
  batch: SharedBatch,
  numbers: () => Int32Array,
  wholeIndex: Tensor,
): Tensor {
  const whole = wholeBatch(x, batch);
  const { places, spare, size, sum } = batch;
  const { storage: { buffer, offset, gpu }, numel: count } = whole;
  // The tensors' handles are gone when the recording runs again.
  const index = {
    buffer: wholeIndex.storage.buffer,
    offset: wholeIndex.storage.offset,
    size: 4 * size,
  };
  gpu.exchange({ buffer, offset, size: 4 * count }, async (values) => {
    const message = new Float32Array(count + size);
    message.set(values);
    const own = numbers();
    if (!spare) places.forEach((place, i) => message[count + place] = own[i]);
    await sum(message);
    values.set(message.subarray(0, count));
    gpu.upload(index, Int32Array.from(message.subarray(count)));
  });
  return whole;
}

/** This process's rows at their places in the whole batch, among zeros: the sum over processes has all. */
export function wholeBatch(x: Tensor, batch: SharedBatch): Tensor {
  requireFloat("wholeBatch", x);
  const whole = Tensor.result(x.gpu, [batch.size, ...x.shape.slice(1)]);
  whole.zero_();
  if (!batch.spare) copyRows(batch, x, whole, true);
  return whole;
}

/** Copies rows to their places in the whole batch, or from there. */
function copyRows({ places }: SharedBatch, from: Tensor, to: Tensor, spread: boolean): void {
  const bytes = 4 * numel(from.shape.slice(1));
  for (let start = 0; start < places.length;) {
    let end = start + 1;
    while (end < places.length && places[end] === places[end - 1] + 1) end++;
    const [own, whole] = [start * bytes, places[start] * bytes];
    const at = ({ storage: { buffer, offset } }: Tensor, by: number) => {
      return { buffer, offset: offset + by, size: (end - start) * bytes };
    };
    from.gpu.copy(at(from, spread ? own : whole), at(to, spread ? whole : own));
    start = end;
  }
}
