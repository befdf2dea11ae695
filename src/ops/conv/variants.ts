import type { Tensor } from "../../tensor/tensor.ts";
import { convForwardDirect, convInputGradDirectUnit } from "./direct.ts";
import { convForwardGeneric, convInputGradGeneric, convWeightGradGeneric } from "./generic.ts";
import { type ConvGeometry, isPlain } from "./geometry.ts";
import { inFloat32 } from "./in_float32.ts";
import { convInputGradDirect } from "./input_grad_direct.ts";
import { convForwardTiled, convInputGradTiled, convWeightGradTiled } from "./tiled.ts";
import { convWeightGradDirect } from "./weight_grad_direct.ts";

/**
 * Kernel family: `direct` has register tiles for adapters that run on the CPU, `tiled` workgroup
 * memory for discrete GPUs, `generic` knows every kind of convolution.
 */
export type ConvVariant = "direct" | "tiled" | "generic";

/** The three kernels of a convolution. */
export interface ConvKernels {
  forward(x: Tensor, weight: Tensor, bias: Tensor | null, g: ConvGeometry): Tensor;
  inputGrad(dy: Tensor, weight: Tensor, g: ConvGeometry): Tensor;
  weightGrad(x: Tensor, dy: Tensor, g: ConvGeometry): Tensor;
}

const FAMILIES: Readonly<Record<ConvVariant, ConvKernels>> = {
  direct: inFloat32({
    forward: convForwardDirect,
    inputGrad: (dy, weight, g) =>
      g.strideY === 1 ? convInputGradDirectUnit(dy, weight, g) : convInputGradDirect(dy, weight, g),
    weightGrad: convWeightGradDirect,
  }),
  tiled: {
    forward: convForwardTiled,
    inputGrad: convInputGradTiled,
    weightGrad: convWeightGradTiled,
  },
  generic: {
    forward: convForwardGeneric,
    inputGrad: convInputGradGeneric,
    weightGrad: convWeightGradGeneric,
  },
};

/** Below this, compiling a kernel for the shape takes longer than it can save. */
const WORTH_COMPILING = 2e6;

function multiplyAdds(g: ConvGeometry): number {
  return g.images * g.outChannels * g.outHeight * g.outWidth * (g.inChannels / g.groups) *
    g.kernelY * g.kernelX;
}

/**
 * The kernels for a convolution on a kind of adapter; `variant` insists.
 *
 * @throws RangeError when the variant does not know this convolution.
 */
export function convKernels(
  g: ConvGeometry,
  software: boolean,
  variant?: ConvVariant,
): ConvKernels {
  if (variant && variant !== "generic" && !isPlain(g)) {
    throw new RangeError(
      `the ${variant} kernels know one group, no dilation and one stride of 4 or less; use "generic"`,
    );
  }
  if (variant) return FAMILIES[variant];
  if (!isPlain(g) || multiplyAdds(g) < WORTH_COMPILING) return FAMILIES.generic;
  return software ? FAMILIES.direct : FAMILIES.tiled;
}
