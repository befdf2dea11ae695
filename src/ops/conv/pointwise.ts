import code from "../../../kernels/conv/conv2d_pointwise.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { type ConvEnding, endingBindings, NO_ENDING } from "./ending.ts";
import { type ConvGeometry, turnedGeometry } from "./geometry.ts";
import {
  forwardView,
  gradientView,
  packWeights,
  type WeightView,
  weightWindows,
  windowParams,
} from "./pack.ts";

const pointwiseKernel = new Kernel("conv2d_pointwise", code);

/** Output channels of a thread. Its tile takes two seconds to compile, once for all shapes. */
const T = 16;
const VECTORS = 4;
/** Pixels of a thread in planes that are not whole vectors; those of 7 x 7 have no rest. */
const PIXELS = 7;

/** Forward 1 x 1 convolution with stride 1 for software adapters. */
export function convForwardPointwise(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  g: ConvGeometry,
  ending: ConvEnding = NO_ENDING,
): Tensor {
  return run(x, weight, forwardView(g), bias, g, ending);
}

/** Its input gradient, plus `residual`: the same with the channels swapped. */
export function convInputGradPointwise(
  dy: Tensor,
  weight: Tensor,
  g: ConvGeometry,
  residual: Tensor | null = null,
): Tensor {
  return run(dy, weight, gradientView(g, false), null, turnedGeometry(g), { residual });
}

function run(
  x: Tensor,
  weight: Tensor,
  view: WeightView,
  bias: Tensor | null,
  g: ConvGeometry,
  ending: ConvEnding = NO_ENDING,
): Tensor {
  const packed = packWeights(weight, view, T);
  const y = Tensor.result(x.gpu, [g.images, g.outChannels, g.outHeight, g.outWidth]);
  const LANES = g.height * g.width % 4 === 0 ? 4 : 1;
  const plane = g.height * g.width / LANES;
  const V = Math.min(LANES === 4 ? VECTORS : PIXELS, plane);
  const tiles = Math.ceil(plane / V);
  for (const window of weightWindows(packed, view.groupIn)) {
    const part = { first: !window.accumulate, last: window.last };
    const { bindings, epilogue } = endingBindings(x, bias, ending, part);
    x.gpu.dispatch(pointwiseKernel, {
      bindings: { x, w: window.range, y, ...bindings },
      params: {
        images: g.images,
        plane,
        tiles,
        ...windowParams(window, packed, view),
        allIn: g.inChannels,
        allOut: g.outChannels,
        epilogue,
      },
      values: { LANES, V, T, ACC: Number(window.accumulate) },
      workgroups: [Math.ceil(g.images * tiles / 64), window.blocks],
    });
  }
  packed.tensor.dispose();
  return y;
}
