import code from "../../../kernels/elementwise/weighted_sum.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { formatShape } from "../../tensor/shape.ts";
import { timesNumber } from "./binary.ts";
import { requireFloat } from "../require_dtype.ts";

const kernel = new Kernel("weighted_sum", code);
/** Terms that one dispatch has bindings for. */
const MOST = 6;

/** A number on the device and what it counts in a sum. */
export type WeightedTerm = readonly [term: Tensor, weight: number];

/**
 * `w0 t0 + w1 t1 + ...` of numbers, in this order: losses and their weights in one kernel. A single term of weight 1 is
 * returned as it is.
 *
 * @param terms float32 of one element each; at least one
 * @returns float32 []
 * @throws RangeError for no terms or tensors of several elements, TypeError for other dtypes.
 */
export function weightedSum(terms: readonly WeightedTerm[]): Tensor {
  if (terms.length === 0) throw new RangeError("weightedSum() of no terms; at least one wanted");
  const tensors = terms.map(([tensor]) => tensor);
  requireFloat("weightedSum", ...tensors);
  const large = tensors.find(({ numel }) => numel !== 1);
  if (large) {
    throw new RangeError(`weightedSum() of shape ${formatShape(large.shape)}; numbers wanted`);
  }
  if (terms.length === 1 && terms[0][1] === 1) return tensors[0];
  if (terms.length > MOST) {
    return weightedSum([[weightedSum(terms.slice(0, MOST)), 1], ...terms.slice(MOST)]);
  }
  const weights = terms.map(([, weight]) => weight);
  const [{ gpu }] = tensors;
  const y = Tensor.result(gpu, []);
  const numbered = <T>(name: string, values: readonly T[], rest: T) =>
    Object.fromEntries(
      Array.from({ length: MOST }, (_, i) => [`${name}${i}`, values[i] ?? rest]),
    );
  gpu.dispatch(kernel, {
    bindings: { y, ...numbered<Tensor | null>("t", tensors, null) },
    params: numbered("w", weights, 0),
    values: { COUNT: terms.length },
    workgroups: [1],
  });
  const gradient = (dy: Tensor, term: Tensor, weight: number) =>
    weight === 1 ? dy.alias(term.shape) : timesNumber(dy, weight, term.shape);
  return track(
    ["weightedSum", { weights }],
    tensors,
    y,
    (dy) => terms.map(([term, weight]) => term.requiresGrad ? gradient(dy, term, weight) : null),
  );
}
