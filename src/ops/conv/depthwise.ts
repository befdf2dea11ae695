import code from "../../../kernels/conv/conv2d_depthwise.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import { linearGrid } from "../grid.ts";
import { scratchLike } from "../tuned.ts";
import { chooseDepthwiseTile, type DepthwiseTile } from "./depthwise_tile.ts";
import { type ConvEnding, endingBindings, NO_ENDING } from "./ending.ts";
import { type ConvGeometry, turnedGeometry } from "./geometry.ts";

const depthwiseKernel = new Kernel("conv2d_depthwise", code);

/** Forward depthwise convolution: a thread sweeps some columns down a plane. */
export function convForwardDepthwise(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  g: ConvGeometry,
  software: boolean,
  ending: ConvEnding = NO_ENDING,
): Tensor {
  return run(x, weight, bias, g, software, false, ending);
}

/** Input gradient of a depthwise convolution with stride 1, plus `residual`: the same with turned weights. */
export function convInputGradDepthwiseUnit(
  dy: Tensor,
  weight: Tensor,
  g: ConvGeometry,
  software: boolean,
  residual: Tensor | null = null,
): Tensor {
  return run(dy, weight, null, turnedGeometry(g), software, true, { residual });
}

function run(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  g: ConvGeometry,
  software: boolean,
  flip: boolean,
  ending: ConvEnding = NO_ENDING,
  insisted?: DepthwiseTile,
): Tensor {
  const { bindings, epilogue } = endingBindings(x, bias, ending);
  const y = Tensor.result(x.gpu, [g.images, g.outChannels, g.outHeight, g.outWidth], x.dtype);
  const words = [flip ? "gradient" : "forward"];
  const { values, tilesX, tilesY, rows } = insisted ??
    chooseDepthwiseTile(x, g, software, depthwiseKernel, words, (tile) => {
      run(scratchLike(x), scratchLike(weight), null, g, software, flip, NO_ENDING, tile);
    });
  const tiles = g.images * g.outChannels * tilesX * tilesY;
  x.gpu.dispatch(depthwiseKernel, {
    bindings: { x, w: weight, y, ...(epilogue > 0 && bindings) },
    params: {
      tiles,
      tilesX,
      tilesY,
      rows,
      channels: g.outChannels,
      height: g.height,
      width: g.width,
      outHeight: g.outHeight,
      outWidth: g.outWidth,
      padY: g.padY,
      flip: Number(flip),
      epilogue,
    },
    values: { ...values, E: wgslFloat(x.dtype), ENDS: Number(epilogue > 0) },
    workgroups: linearGrid(Math.ceil(tiles / 64)),
  });
  return y;
}
