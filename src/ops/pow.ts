import powCode from "../../kernels/elementwise/pow.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { autocastInput } from "../tensor/autocast.ts";
import { track } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mapElements } from "./elementwise_unary.ts";
import { requireFloat } from "./require_dtype.ts";

const powKernel = new Kernel("pow", powCode);

const MAX_FACTORS = 16;

/**
 * `x^exponent`, element by element; NaN for negative `x` and a fractional exponent.
 * PyTorch: `torch.pow`.
 *
 * @param exponent integers up to 16 in magnitude are multiplied out, others go through `2^(e log2 |x|)`.
 * @throws TypeError unless `x` is float32.
 */
export function pow(x: Tensor, exponent: number): Tensor {
  x = autocastInput("pow", x);
  requireFloat("pow", x);
  const y = scaledPower(x, exponent, 1, null);
  return track("pow", [x], y, (dy) => [
    // The derivative of x^0 is 0 everywhere, also where x^-1 is infinite.
    scaledPower(x, exponent === 0 ? 0 : exponent - 1, exponent, dy),
  ]);
}

function scaledPower(x: Tensor, exponent: number, scale: number, dy: Tensor | null): Tensor {
  const factors = Math.abs(exponent);
  const multiplied = Number.isInteger(exponent) && factors <= MAX_FACTORS;
  const params: Record<string, number> = multiplied
    ? { scale, invert: exponent < 0 ? 1 : 0 }
    : { scale, exponent, atZero: Math.pow(0, exponent), belowZero: belowZero(exponent) };
  const values = { INTEGER: multiplied, FACTORS: multiplied ? factors : 0, GRADIENT: dy !== null };
  return mapElements(powKernel, "y", dy ? { x, dy } : { x }, { params, values });
}

/** What `|x|^exponent` is multiplied by for negative x. */
function belowZero(exponent: number): number {
  if (!Number.isInteger(exponent)) return NaN;
  return exponent % 2 === 0 ? 1 : -1;
}
