import directCode from "../../../kernels/conv/conv2d_direct.wgsl" with { type: "text" };
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
import { chooseTile } from "./tile.ts";

const directKernel = new Kernel("conv2d_direct", directCode);

/** Forward convolution by the register-tile kernel for software adapters. */
export function convForwardDirect(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  g: ConvGeometry,
  ending: ConvEnding = NO_ENDING,
): Tensor {
  return runDirect(x, weight, forwardView(g), bias, g, ending);
}

/** Input gradient of a convolution with stride 1, plus `residual`: a convolution with turned weights. */
export function convInputGradDirectUnit(
  dy: Tensor,
  weight: Tensor,
  g: ConvGeometry,
  residual: Tensor | null = null,
): Tensor {
  return runDirect(dy, weight, gradientView(g, true), null, turnedGeometry(g), { residual });
}

function runDirect(
  x: Tensor,
  weight: Tensor,
  view: WeightView,
  bias: Tensor | null,
  g: ConvGeometry,
  ending: ConvEnding = NO_ENDING,
): Tensor {
  const tile = chooseTile(g);
  const { TY, TX, T } = tile;
  const packed = packWeights(weight, view, T);
  const y = Tensor.result(x.gpu, [g.images, g.outChannels, g.outHeight, g.outWidth]);
  const tilesY = Math.ceil(g.outHeight / TY);
  const tilesX = Math.ceil(g.outWidth / TX);
  const vectors = TX === 4 && g.strideX === 1 && g.kernelX === 3 && g.padX === 1 &&
    g.width % 4 === 0 && g.outWidth === g.width;
  for (const window of weightWindows(packed, view.groupIn)) {
    const part = { first: !window.accumulate, last: window.last };
    const { bindings, epilogue } = endingBindings(x, bias, ending, part);
    x.gpu.dispatch(directKernel, {
      bindings: { x, w: window.range, y, ...bindings },
      params: {
        images: g.images,
        ...windowParams(window, packed, view),
        allIn: g.inChannels,
        allOut: g.outChannels,
        padY: g.padY,
        padX: g.padX,
        height: g.height,
        width: g.width,
        outHeight: g.outHeight,
        outWidth: g.outWidth,
        tilesY,
        tilesX,
        epilogue,
      },
      values: {
        KH: g.kernelY,
        KW: g.kernelX,
        S: g.strideY,
        TY,
        TX,
        T,
        V4: Number(vectors),
        ACC: Number(window.accumulate),
      },
      workgroups: [Math.ceil(g.images * tilesY * tilesX / 64), window.blocks],
    });
  }
  packed.tensor.dispose();
  return y;
}
