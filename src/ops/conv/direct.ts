import directCode from "../../../kernels/conv/conv2d_direct.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { ConvGeometry } from "./geometry.ts";
import { packWeights, weightWindows } from "./pack.ts";
import { chooseTile, type ConvTile } from "./tile.ts";

const directKernel = new Kernel("conv2d_direct", directCode);

/** Forward convolution by the register-tile kernel for software adapters. */
export function convForwardDirect(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  g: ConvGeometry,
): Tensor {
  const { kernelY, kernelX, inChannels, outChannels } = g;
  const tile = chooseTile(kernelY, kernelX, g.strideY, g.outHeight, g.outWidth, outChannels);
  const taps = kernelY * kernelX;
  const packed = packWeights(weight, {
    outChannels,
    inChannels,
    taps,
    strideOut: inChannels * taps,
    strideIn: taps,
    flip: false,
  }, tile.T);
  const y = runDirect(x, packed, bias, g, tile);
  packed.tensor.dispose();
  return y;
}

/** Input gradient of a convolution with stride 1: a convolution with turned weights. */
export function convInputGradDirectUnit(dy: Tensor, weight: Tensor, g: ConvGeometry): Tensor {
  const { kernelY, kernelX } = g;
  const turned: ConvGeometry = {
    ...g,
    inChannels: g.outChannels,
    outChannels: g.inChannels,
    height: g.outHeight,
    width: g.outWidth,
    outHeight: g.height,
    outWidth: g.width,
    padY: kernelY - 1 - g.padY,
    padX: kernelX - 1 - g.padX,
  };
  const tile = chooseTile(kernelY, kernelX, 1, g.height, g.width, g.inChannels);
  const taps = kernelY * kernelX;
  const packed = packWeights(weight, {
    outChannels: g.inChannels,
    inChannels: g.outChannels,
    taps,
    strideOut: taps,
    strideIn: g.inChannels * taps,
    flip: true,
  }, tile.T);
  const dx = runDirect(dy, packed, null, turned, tile);
  packed.tensor.dispose();
  return dx;
}

function runDirect(
  x: Tensor,
  packed: ReturnType<typeof packWeights>,
  bias: Tensor | null,
  g: ConvGeometry,
  tile: ConvTile,
): Tensor {
  const { TY, TX, T } = tile;
  const y = Tensor.result(x.gpu, [g.images, g.outChannels, g.outHeight, g.outWidth]);
  const tilesY = Math.ceil(g.outHeight / TY);
  const tilesX = Math.ceil(g.outWidth / TX);
  const vectors = TX === 4 && g.strideX === 1 && g.kernelX === 3 && g.padX === 1 &&
    g.width % 4 === 0 && g.outWidth === g.width && g.outHeight % TY === 0;
  const edge = g.outHeight % TY !== 0 || g.outWidth % TX !== 0;
  for (const window of weightWindows(packed, g.inChannels)) {
    const withBias = bias !== null && !window.accumulate;
    x.gpu.dispatch(directKernel, {
      bindings: {
        x: x.storage,
        w: window.range,
        y: y.storage,
        ...(withBias ? { bias: bias.storage } : {}),
      },
      params: {
        images: g.images,
        inChannels: window.inChannels,
        firstIn: window.firstIn,
        allIn: g.inChannels,
        outChannels: g.outChannels,
        firstOut: window.firstGroup * T,
        padY: g.padY,
        padX: g.padX,
        groupStride: packed.blockBytes / 16,
      },
      values: {
        KH: g.kernelY,
        KW: g.kernelX,
        S: g.strideY,
        TY,
        TX,
        T,
        H: g.height,
        W: g.width,
        OH: g.outHeight,
        OW: g.outWidth,
        NY: tilesY,
        NX: tilesX,
        V4: Number(vectors),
        EDGE: Number(edge),
        ACC: Number(window.accumulate),
        BIAS: Number(withBias),
      },
      workgroups: [Math.ceil(g.images * tilesY * tilesX / 64), window.groups],
    });
  }
  return y;
}
