import { Tensor } from "../../tensor/core.ts";
import type { DType } from "../../tensor/dtype.ts";

/** A weight in the order of a kernel. */
interface Packed {
  readonly tensor: Tensor;
  readonly pack: (into: Tensor) => void;
}

const kept = new WeakMap<Tensor, Map<string, Packed>>();

/**
 * Says that a weight changes only where {@linkcode packAgain} is called: kernels that want it in another order then keep it
 * in that. {@linkcode forgetPacked} frees what they keep.
 */
export function keepPacked(weight: Tensor): void {
  if (!kept.has(weight)) kept.set(weight, new Map());
}

/** Brings what is kept of a weight up to date with it, outside of a recording that is under way. */
export function packAgain(weight: Tensor): void {
  for (const { tensor, pack } of kept.get(weight)?.values() ?? []) {
    weight.gpu.aside(() => pack(tensor));
  }
}

/** Frees what is kept of a weight, and keeps nothing more. */
export function forgetPacked(weight: Tensor): void {
  for (const { tensor } of kept.get(weight)?.values() ?? []) tensor.dispose();
  kept.delete(weight);
}

/**
 * A weight in the order of a kernel, to be disposed of by the caller: made by `pack`, or as it was kept.
 *
 * @param order tells this order from others
 * @param count elements of the packed weight
 * @param pack dispatches what fills it; it may be called again later
 */
export function packedWeight(
  weight: Tensor,
  order: string,
  count: number,
  dtype: DType,
  pack: (into: Tensor) => void,
): Tensor {
  const orders = kept.get(weight);
  if (!orders) {
    const tensor = Tensor.result(weight.gpu, [count], dtype);
    pack(tensor);
    return tensor;
  }
  const key = `${dtype} ${order}`;
  let found = orders.get(key);
  if (!found) {
    const tensor = weight.gpu.aside(() => {
      const made = Tensor.result(weight.gpu, [count], dtype).keep();
      pack(made);
      return made;
    });
    found = { tensor, pack };
    orders.set(key, found);
  }
  return found.tensor.alias();
}
