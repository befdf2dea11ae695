import type { Tensor } from "../../tensor/core.ts";
import { addInPlace } from "../elementwise/add_in_place.ts";
import { castElements, roundElements } from "../elementwise/cast.ts";
import { takeIn } from "../take_as.ts";
import { convForwardDepthwise, convInputGradDepthwiseUnit } from "./depthwise.ts";
import { convInputGradDepthwise } from "./depthwise_input_grad.ts";
import { convWeightGradDepthwise } from "./depthwise_weight_grad.ts";
import { convForwardDirect, convInputGradDirectUnit } from "./direct.ts";
import type { ConvEnding } from "./ending.ts";
import { convForwardGeneric, convInputGradGeneric, convWeightGradGeneric } from "./generic.ts";
import { type ConvGeometry, isDepthwise, isPlain, isPointwise } from "./geometry.ts";
import { convInputGradDirect } from "./input_grad_direct.ts";
import { convForwardLanes, convInputGradLanes } from "./lanes.ts";
import { convForwardPointwise, convInputGradPointwise } from "./pointwise.ts";
import { convWeightGradPointwise } from "./pointwise_weight_grad.ts";
import { convForwardTiled, convInputGradTiled } from "./tiled.ts";
import { convWeightGradTiled } from "./tiled_weight_grad.ts";
import { convWeightGradDirect } from "./weight_grad_direct.ts";
import { convWeightGradLanes } from "./weight_grad_lanes.ts";

/**
 * Kernel family: `lanes` is for adapters that run on the CPU, whose subgroups are the lanes of its vectors, and takes the next
 * where there are none, no 64-bit integers to load or too few channels; `direct` has register tiles for such adapters,
 * `tiled` workgroup memory for discrete
 * GPUs, `generic` knows every kind of convolution. Depthwise convolutions have kernels of their own in all but the last, with
 * other tiles, and 1 x 1 convolutions with stride 1 in `direct`.
 */
export type ConvVariant = "lanes" | "direct" | "tiled" | "generic";

/** The three kernels of a convolution. The input gradient has `added` in it, which is given up for it. */
interface ConvKernels {
  forward(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | null,
    g: ConvGeometry,
    ending?: ConvEnding,
  ): Tensor;
  inputGrad(dy: Tensor, weight: Tensor, g: ConvGeometry, added?: Tensor | null): Tensor;
  weightGrad(x: Tensor, dy: Tensor, g: ConvGeometry): Tensor;
}

const DIRECT = inFloat32({
  forward: convForwardDirect,
  inputGrad: (dy, weight, g, added = null) =>
    g.strideY === 1
      ? giveUp(added, convInputGradDirectUnit(dy, weight, g, added))
      : withAdded(convInputGradDirect(dy, weight, g), added),
  weightGrad: convWeightGradDirect,
});

const POINTWISE = inFloat32({
  forward: convForwardPointwise,
  inputGrad: (dy, weight, g, added = null) =>
    giveUp(added, convInputGradPointwise(dy, weight, g, added)),
  weightGrad: convWeightGradPointwise,
});

/** What else a software adapter has for a convolution. */
const registerTiles = (g: ConvGeometry) => isPointwise(g) ? POINTWISE : DIRECT;

const LANES = inFloat32({
  forward: (x, weight, bias, g, ending) =>
    convForwardLanes(x, weight, bias, g, ending) ??
      registerTiles(g).forward(x, weight, bias, g, ending),
  inputGrad(dy, weight, g, added = null) {
    const gradient = convInputGradLanes(dy, weight, g, added);
    return gradient ? giveUp(added, gradient) : registerTiles(g).inputGrad(dy, weight, g, added);
  },
  weightGrad: (x, dy, g) => convWeightGradLanes(x, dy, g) ?? registerTiles(g).weightGrad(x, dy, g),
});

const TILED: ConvKernels = {
  forward: (x, weight, bias, g, ending) => convForwardTiled(x, weight, bias, g, undefined, ending),
  inputGrad: (dy, weight, g, added = null) =>
    giveUp(added, convInputGradTiled(dy, weight, g, undefined, added)),
  weightGrad: convWeightGradTiled,
};

const GENERIC: ConvKernels = {
  forward: convForwardGeneric,
  inputGrad: (dy, weight, g, added = null) => withAdded(convInputGradGeneric(dy, weight, g), added),
  weightGrad: convWeightGradGeneric,
};

/** A gradient that has `added` in it, and no more use for that. */
function giveUp(added: Tensor | null, gradient: Tensor): Tensor {
  added?.dispose();
  return gradient;
}

/** A gradient with `added`, by a kernel of its own. */
function withAdded(gradient: Tensor, added: Tensor | null): Tensor {
  if (added) addInPlace(gradient, added);
  return giveUp(added, gradient);
}

function depthwise(software: boolean): ConvKernels {
  return {
    forward: (x, weight, bias, g, ending) =>
      convForwardDepthwise(x, weight, bias, g, software, ending),
    inputGrad: (dy, weight, g, added = null) =>
      g.strideY === 1
        ? giveUp(added, convInputGradDepthwiseUnit(dy, weight, g, software, added))
        : withAdded(convInputGradDepthwise(dy, weight, g, software), added),
    weightGrad: (x, dy, g) => convWeightGradDepthwise(x, dy, g, software),
  };
}

const DEPTHWISE = {
  lanes: depthwise(true),
  direct: depthwise(true),
  tiled: depthwise(false),
} as const;

/** Below this many multiply-adds, compiling a kernel for the shape takes longer than it can save. */
const WORTH_COMPILING = 2e6;
/** The depthwise kernels compile once for many shapes. */
const WORTH_DEPTHWISE = 2e5;
/** Channels of a group that fill enough of a tile in workgroup memory. */
const WORTH_TILED = 8;

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
      `the ${variant} kernels know no dilation and one stride of 4 or less; use "generic"`,
    );
  }
  const chosen = variant ?? choose(g, software);
  if (chosen === "generic") return GENERIC;
  if (isDepthwise(g)) return DEPTHWISE[chosen];
  if (chosen === "tiled") return TILED;
  return chosen === "lanes" ? LANES : registerTiles(g);
}

function choose(g: ConvGeometry, software: boolean): ConvVariant {
  const least = isDepthwise(g) ? WORTH_DEPTHWISE : WORTH_COMPILING;
  if (!isPlain(g) || multiplyAdds(g) < least) return "generic";
  if (software) return "lanes";
  const channels = Math.min(g.inChannels, g.outChannels) / g.groups;
  return g.groups > 1 && !isDepthwise(g) && channels < WORTH_TILED ? "generic" : "tiled";
}

/**
 * Kernels that know float32 alone, for float16 as well: on copies in float32, with the weight rounded to float16, and
 * the result rounded at the end. On software adapters a kernel that reads float16 takes many times as long to compile,
 * and reads no faster.
 */
function inFloat32(kernels: ConvKernels): ConvKernels {
  return {
    forward: (x, weight, bias, g, { residual = null, relu } = {}) =>
      widened(
        residual ? [x, residual] : [x],
        weight,
        x.dtype,
        ([wide, added = null], w) => kernels.forward(wide, w, bias, g, { residual: added, relu }),
      ),
    inputGrad: (dy, weight, g, added = null) =>
      dy.dtype === "float32" ? kernels.inputGrad(dy, weight, g, added) : withAdded(
        widened([dy], weight, dy.dtype, ([wide], w) => kernels.inputGrad(wide, w, g)),
        added,
      ),
    weightGrad: (x, dy, g) =>
      widened([x, dy], null, "float32", ([wideX, wideDy]) => kernels.weightGrad(wideX, wideDy, g)),
  };
}

/** `run` on float32 copies where `tensors` are float16; its result becomes `dtype`. */
function widened(
  tensors: readonly Tensor[],
  weight: Tensor | null,
  dtype: Tensor["dtype"],
  run: (wide: readonly Tensor[], weight: Tensor) => Tensor,
): Tensor {
  if (tensors[0].dtype === "float32") return run(tensors, weight!);
  const wide = tensors.map((each) => castElements(each, "float32"));
  const rounded = weight && roundElements(weight);
  const result = takeIn(run(wide, rounded!), dtype);
  for (const each of wide) each.dispose();
  rounded?.dispose();
  return result;
}
