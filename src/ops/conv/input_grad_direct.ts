import code from "../../../kernels/conv/conv2d_input_grad_direct.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import type { ConvGeometry } from "./geometry.ts";
import { gradientReach } from "./gradient_reach.ts";
import { gradientView, packWeights, weightWindows } from "./pack.ts";

const inputGradKernel = new Kernel("conv2d_input_grad_direct", code);

/** Input gradient of a strided convolution by the register-tile kernel for software adapters. */
export function convInputGradDirect(dy: Tensor, weight: Tensor, g: ConvGeometry): Tensor {
  const { kernelY, kernelX, strideY: S } = g;
  const taps = kernelY * kernelX;
  const T = 8;
  const side = S === 3 ? 3 : taps > 9 ? Math.max(S, 2) : 4;
  const view = gradientView(g, false);
  const packed = packWeights(weight, view, T);
  const dx = Tensor.result(dy.gpu, [g.images, g.inChannels, g.height, g.width]);
  const tilesY = Math.ceil(g.height / side);
  const tilesX = Math.ceil(g.width / side);
  const [R0, R1] = gradientReach(side, kernelY, S, g.padY);
  const [C0, C1] = gradientReach(side, kernelX, S, g.padX);
  for (const window of weightWindows(packed, view.groupIn)) {
    dy.gpu.dispatch(inputGradKernel, {
      bindings: { dy, w: window.range, dx },
      params: {
        images: g.images,
        outChannels: window.inChannels,
        firstOut: window.firstIn,
        groupOut: view.groupIn,
        allOut: g.outChannels,
        groupIn: view.groupOut,
        allIn: g.inChannels,
        firstBlock: window.firstBlock,
        groupBlocks: packed.groupBlocks,
        blockStride: packed.blockBytes / 16,
        height: g.height,
        width: g.width,
        outHeight: g.outHeight,
        outWidth: g.outWidth,
        tilesY,
        tilesX,
      },
      values: {
        KH: kernelY,
        KW: kernelX,
        S,
        PY: g.padY,
        PX: g.padX,
        TY: side,
        TX: side,
        T,
        R0,
        R1,
        C0,
        C1,
        ACC: Number(window.accumulate),
      },
      workgroups: [Math.ceil(g.images * tilesY * tilesX / 64), window.blocks],
    });
  }
  packed.tensor.dispose();
  return dx;
}
