import dropoutCode from "../../../kernels/elementwise/dropout.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { autocastInput } from "../../tensor/autocast.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { sharedBatch } from "../../tensor/shared_batch.ts";
import { elementwiseGrid } from "../grid.ts";
import { requireFloat } from "../require_dtype.ts";

const dropoutKernel = new Kernel("dropout", dropoutCode);

/**
 * Zeroes elements with probability `p` and divides the others by `1 - p`. PyTorch:
 * `torch.nn.functional.dropout`, with another generator.
 *
 * The mask is a function of the seed and the position alone, and backward computes it again: the seed
 * must hold the same number until then. Where processes share a batch, the position is that in the whole one.
 *
 * @param p in [0, 1].
 * @param seed uint32 of one element, read on the device: write another one for another mask.
 * @param training false returns `x`. Default true.
 * @throws RangeError for another `p` or seed shape; TypeError for other dtypes.
 */
export function dropout(x: Tensor, p: number, seed: Tensor, training: boolean = true): Tensor {
  x = autocastInput("dropout", x);
  requireFloat("dropout", x);
  if (!(p >= 0 && p <= 1)) throw new RangeError(`dropout() with p = ${p}; wanted is 0 to 1`);
  if (seed.dtype !== "uint32") {
    throw new TypeError(`dropout() wants a seed of uint32, not ${seed.dtype}`);
  }
  if (seed.numel !== 1) throw new RangeError(`dropout() wants one seed, not ${seed.numel}`);
  if (!training || p === 0) return x;
  const params = {
    scale: p === 1 ? 0 : 1 / (1 - p),
    threshold: Math.min(Math.round(p * 2 ** 32), 2 ** 32 - 1),
  };
  const place = placeInBatch(x);
  const masked = (x: Tensor) => {
    const y = Tensor.result(x.gpu, x.shape, x.dtype);
    x.gpu.dispatch(dropoutKernel, {
      bindings: { x, seed, y },
      params: { ...params, ...place },
      values: { SHARED: Number(place !== null) },
      workgroups: elementwiseGrid(x.numel),
    });
    return y;
  };
  return track("dropout", [x], masked(x), (dy) => [masked(dy)]);
}

/** How much further on an element is in the whole batch than in this process's part; null where that is all of it. */
function placeInBatch(x: Tensor): { middle: number; front: number; back: number } | null {
  const batch = sharedBatch();
  if (!batch || batch.places.length !== x.shape[0]) return null;
  const { places } = batch;
  const each = x.numel / places.length;
  const jump = places.findIndex((place, i) => i > 0 && place !== places[i - 1] + 1);
  const middle = jump < 0 ? places.length : jump;
  const front = places[0] * each;
  return {
    ...{ middle: middle * each, front },
    back: jump < 0 ? front : (places[jump] - jump) * each,
  };
}
