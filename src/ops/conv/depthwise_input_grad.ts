import code from "../../../kernels/conv/conv2d_depthwise_input_grad.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import { linearGrid } from "../grid.ts";
import { scratchLike } from "../tuned.ts";
import { chooseDepthwiseTile, type DepthwiseTile } from "./depthwise_tile.ts";
import type { ConvGeometry } from "./geometry.ts";
import { gradientReach } from "./gradient_reach.ts";

const inputGradKernel = new Kernel("conv2d_depthwise_input_grad", code);

/** Input gradient of a strided depthwise convolution: a thread sweeps some columns down a plane. */
export function convInputGradDepthwise(
  dy: Tensor,
  weight: Tensor,
  g: ConvGeometry,
  software: boolean,
  insisted?: DepthwiseTile,
): Tensor {
  const { strideY: S, kernelY, kernelX, padY, padX } = g;
  const dx = Tensor.result(dy.gpu, [g.images, g.inChannels, g.height, g.width], dy.dtype);
  const tile = insisted ??
    chooseDepthwiseTile(dy, g, software, inputGradKernel, [], (tile) => {
      convInputGradDepthwise(scratchLike(dy), scratchLike(weight), g, software, tile);
    });
  const TX = tile.values.TX * S;
  const [R0, R1] = gradientReach(S, kernelY, S, padY);
  const [C0, C1] = gradientReach(TX, kernelX, S, padX);
  const tilesX = Math.ceil(g.width / TX);
  const tilesY = Math.ceil(g.height / S / tile.rows);
  const tiles = g.images * g.inChannels * tilesX * tilesY;
  dy.gpu.dispatch(inputGradKernel, {
    bindings: { dy, w: weight, dx },
    params: {
      tiles,
      tilesX,
      tilesY,
      steps: tile.rows,
      channels: g.inChannels,
      height: g.height,
      width: g.width,
      outHeight: g.outHeight,
      outWidth: g.outWidth,
    },
    values: { ...tile.values, TX, PY: padY, R0, R1, C0, C1, E: wgslFloat(dy.dtype) },
    workgroups: linearGrid(Math.ceil(tiles / 64)),
  });
  return dx;
}
