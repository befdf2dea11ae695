import { autocastInput } from "../../tensor/autocast.ts";
import { track } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/core.ts";
import { checkOptions } from "../../options.ts";
import { formatShape, sameShape, type Shape } from "../../tensor/shape.ts";
import { sumChannels } from "../reduce/sum_channels.ts";
import { requireFloat, requireFloats } from "../require_dtype.ts";
import { type ConvEnding, NO_ENDING } from "./ending.ts";
import { CONV_OPTIONS, convGeometry, type ConvOptions } from "./geometry.ts";
import { convKernels, type ConvVariant } from "./variants.ts";

export type { ConvEnding, ConvOptions, ConvVariant };

/**
 * 2-D convolution. PyTorch: `F.conv2d`.
 *
 * @param x float32, or float16, which multiplies the weight rounded to float16; [N, C, H, W]
 * @param weight float32 [O, C / groups, KH, KW]
 * @param bias float32 [O] or null
 * @param variant insists on a kernel family; default: by adapter and shape.
 * @throws RangeError when shapes do not fit, TypeError for other dtypes.
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvOptions = {},
  variant?: ConvVariant,
): Tensor {
  checkOptions<ConvOptions>("conv2d()", options, CONV_OPTIONS);
  const g = convGeometry(x.shape, weight.shape, options);
  if (bias && (bias.ndim !== 1 || bias.numel !== g.outChannels)) {
    throw new RangeError(
      `bias ${
        formatShape(bias.shape)
      } for ${g.outChannels} output channels; wanted [${g.outChannels}]`,
    );
  }
  requireFloat("conv2d", weight, ...(bias ? [bias] : []));
  x = autocastInput("conv2d", x);
  requireFloats("conv2d", x);
  const kernels = convKernels(g, x.gpu.software, variant);
  const y = kernels.forward(x, weight, bias, g);
  return track(["conv2d", options], bias ? [x, weight, bias] : [x, weight], y, (dy, before) => [
    x.requiresGrad ? kernels.inputGrad(dy, weight, g, before(x)) : null,
    weight.requiresGrad ? kernels.weightGrad(x, dy, g) : null,
    ...(bias ? [bias.requiresGrad ? sumChannels(dy) : null] : []),
  ]);
}

/** Shape of the result of a convolution; checks as {@linkcode conv2d}. */
export function conv2dShape(x: Shape, weight: Shape, options: ConvOptions): Shape {
  const g = convGeometry(x, weight, options);
  return [g.images, g.outChannels, g.outHeight, g.outWidth];
}

/**
 * {@linkcode conv2d} off the tape, with an addition and ReLU in the same pass. The type is that of `x`, whatever autocast says.
 *
 * @throws RangeError when shapes do not fit, TypeError for other dtypes.
 */
export function conv2dWithEnding(
  x: Tensor,
  { weight, bias }: { readonly weight: Tensor; readonly bias: Tensor | null },
  options: ConvOptions,
  ending: ConvEnding = NO_ENDING,
  variant?: ConvVariant,
): Tensor {
  const g = convGeometry(x.shape, weight.shape, options);
  const { residual = null } = ending;
  requireFloats("conv2d", x, ...(residual ? [residual] : []));
  const wanted = [g.images, g.outChannels, g.outHeight, g.outWidth];
  if (residual && !(sameShape(residual.shape, wanted) && residual.dtype === x.dtype)) {
    throw new RangeError(
      `residual ${residual} for a convolution to ${x.dtype} ${formatShape(wanted)}`,
    );
  }
  return convKernels(g, x.gpu.software, variant).forward(x, weight, bias, g, ending);
}
