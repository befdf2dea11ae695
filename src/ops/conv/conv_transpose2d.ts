import { autocastInput } from "../../tensor/autocast.ts";
import { track } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/core.ts";
import type { FloatType } from "../../tensor/dtype.ts";
import { checkOptions } from "../../options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { add } from "../elementwise/binary.ts";
import { cast } from "../elementwise/cast.ts";
import { requireFloat, requireFloats } from "../require_dtype.ts";
import { reshape } from "../shape/reshape.ts";
import { CONV_OPTIONS, type ConvOptions, convTransposeGeometry } from "./geometry.ts";
import { convKernels, type ConvVariant } from "./variants.ts";

/** Options of {@linkcode convTranspose2d}. */
export interface ConvTransposeOptions extends ConvOptions {
  /** Rows and columns added at one side of the output. Default 0. */
  outputPadding?: number | readonly [number, number];
}

/**
 * Transposed 2-D convolution: the input gradient of `conv2d()`. PyTorch: `F.conv_transpose2d`.
 *
 * @param x float32, or float16, which multiplies the weight rounded to float16; [N, C, H, W]
 * @param weight float32 [C, O / groups, KH, KW]
 * @param bias float32 [O] or null
 * @throws RangeError when shapes do not fit, TypeError for other dtypes.
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTransposeOptions = {},
  variant?: ConvVariant,
): Tensor {
  checkOptions<ConvTransposeOptions>("convTranspose2d()", options, {
    ...CONV_OPTIONS,
    outputPadding: true,
  });
  const g = convTransposeGeometry(x.shape, weight.shape, options);
  if (bias && (bias.ndim !== 1 || bias.numel !== g.inChannels)) {
    throw new RangeError(
      `bias ${
        formatShape(bias.shape)
      } for ${g.inChannels} output channels; wanted [${g.inChannels}]`,
    );
  }
  requireFloat("convTranspose2d", weight, ...(bias ? [bias] : []));
  x = autocastInput("convTranspose2d", x);
  requireFloats("convTranspose2d", x);
  const kernels = convKernels(g, x.gpu.software, variant);
  const product = kernels.inputGrad(x, weight, g);
  const y = track(["conv_transpose2d", options], [x, weight], product, (dy) => [
    x.requiresGrad ? kernels.forward(dy, weight, null, g) : null,
    weight.requiresGrad ? kernels.weightGrad(dy, x, g) : null,
  ]);
  return bias ? add(y, cast(reshape(bias, [1, g.inChannels, 1, 1]), y.dtype as FloatType)) : y;
}
