import code from "../../../kernels/conv/conv2d_input_grad_direct.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { ConvGeometry } from "./geometry.ts";
import { packWeights, weightWindows } from "./pack.ts";

const inputGradKernel = new Kernel("conv2d_input_grad_direct", code);

/** Input gradient of a strided convolution by the register-tile kernel for software adapters. */
export function convInputGradDirect(dy: Tensor, weight: Tensor, g: ConvGeometry): Tensor {
  const { kernelY, kernelX, strideY: S } = g;
  const taps = kernelY * kernelX;
  const T = 8;
  const side = S === 3 ? 3 : taps > 9 ? Math.max(S, 2) : 4;
  const packed = packWeights(weight, {
    outChannels: g.inChannels,
    inChannels: g.outChannels,
    taps,
    strideOut: taps,
    strideIn: g.inChannels * taps,
    flip: false,
  }, T);
  const dx = Tensor.result(dy.gpu, [g.images, g.inChannels, g.height, g.width]);
  const tilesY = Math.ceil(g.height / side);
  const tilesX = Math.ceil(g.width / side);
  const [R0, R1] = reach(side, kernelY, S, g.padY);
  const [C0, C1] = reach(side, kernelX, S, g.padX);
  for (const window of weightWindows(packed, g.outChannels)) {
    dy.gpu.dispatch(inputGradKernel, {
      bindings: { dy: dy.storage, w: window.range, dx: dx.storage },
      params: {
        images: g.images,
        outChannels: window.inChannels,
        firstOut: window.firstIn,
        allOut: g.outChannels,
        inChannels: g.inChannels,
        firstIn: window.firstGroup * T,
        groupStride: packed.blockBytes / 16,
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
        H: g.height,
        W: g.width,
        OH: g.outHeight,
        OW: g.outWidth,
        NY: tilesY,
        NX: tilesX,
        R0,
        R1,
        C0,
        C1,
        ACC: Number(window.accumulate),
      },
      workgroups: [Math.ceil(g.images * tilesY * tilesX / 64), window.groups],
    });
  }
  packed.tensor.dispose();
  return dx;
}

/** First and one past the last row of dy that a tile reads, relative to its origin over the stride. */
function reach(side: number, kernel: number, stride: number, pad: number): [number, number] {
  const rows: number[] = [];
  for (let r = 0; r < side; r++) {
    for (let k = 0; k < kernel; k++) {
      if ((r + pad - k) % stride === 0) rows.push((r + pad - k) / stride);
    }
  }
  return [Math.min(...rows), Math.max(...rows) + 1];
}
