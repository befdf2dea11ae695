import type { Tensor } from "../../tensor/core.ts";

/** What a convolution does with its sums before it stores them, behind the bias. */
export interface ConvEnding {
  /** Added, of the output's shape and type. Default: nothing. */
  readonly residual?: Tensor | null;
  /** Ends with ReLU. Default false. */
  readonly relu?: boolean;
}

/** Stores the sums as they are. */
export const NO_ENDING: ConvEnding = {};

/** Bits of the parameter `epilogue`. */
const BIAS = 1;
const RESIDUAL = 2;
const RELU = 4;

/**
 * The bindings `bias` and `residual` and the parameter `epilogue` of the kernels that look at run time what to do, so that one
 * compiled kernel serves all.
 *
 * @param any what is bound where a kernel reads nothing
 * @param part for a sum that is made in parts: whether it is the first, and whether it is the last
 */
export function endingBindings(
  any: Tensor,
  bias: Tensor | null,
  { residual = null, relu = false }: ConvEnding,
  part: { readonly first: boolean; readonly last: boolean } = { first: true, last: true },
) {
  const flag = (wanted: boolean, bit: number) => wanted ? bit : 0;
  return {
    bindings: { bias: bias ?? any, residual: residual ?? any },
    epilogue: flag(bias !== null && part.first, BIAS) |
      flag(residual !== null && part.last, RESIDUAL) | flag(relu && part.last, RELU),
  };
}
