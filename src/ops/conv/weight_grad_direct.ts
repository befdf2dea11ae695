import code from "../../../kernels/conv/conv2d_weight_grad_direct.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { sumPartials } from "../reduce/sum_partials.ts";
import { type ConvGeometry, weightShape } from "./geometry.ts";

const weightGradKernel = new Kernel("conv2d_weight_grad_direct", code);

const THREADS = 1024;
const MAX_PARTIAL_BYTES = 32 * 2 ** 20;

/** Weight gradient by the register-tile kernel for software adapters. */
export function convWeightGradDirect(x: Tensor, dy: Tensor, g: ConvGeometry): Tensor {
  const { TO, TI, TX } = chooseTile(g);
  const groupIn = g.inChannels / g.groups;
  const groupOut = g.outChannels / g.groups;
  const tilesIn = Math.ceil(groupIn / TI);
  const tilesOut = Math.ceil(groupOut / TO);
  const tiles = g.groups * tilesIn * tilesOut;
  const stripsPerImage = Math.ceil(g.outWidth / TX);
  const allStrips = g.images * stripsPerImage;
  const count = g.outChannels * groupIn * g.kernelY * g.kernelX;
  const wanted = Math.min(
    allStrips,
    Math.max(1, Math.ceil(THREADS / tiles)),
    Math.max(1, Math.floor(MAX_PARTIAL_BYTES / (4 * count))),
  );
  const strips = Math.ceil(allStrips / wanted);
  const splits = Math.ceil(allStrips / strips);
  const partials = Tensor.result(x.gpu, [splits, count]);
  x.gpu.dispatch(weightGradKernel, {
    bindings: { x, dy, partials },
    params: {
      groups: g.groups,
      groupIn,
      groupOut,
      padY: g.padY,
      padX: g.padX,
      tilesIn,
      tilesOut,
      stripsPerImage,
      strips,
      allStrips,
      splits,
      height: g.height,
      width: g.width,
      outHeight: g.outHeight,
      outWidth: g.outWidth,
    },
    values: {
      KH: g.kernelY,
      KW: g.kernelX,
      S: g.strideY,
      TO,
      TI,
      TX,
    },
    workgroups: [Math.ceil(tiles * splits / 64)],
  });
  return sumPartials(partials, weightShape(g));
}

/**
 * Register tiles, measured on the software adapter: larger ones are no faster and take many times as
 * long to compile.
 */
function chooseTile(g: ConvGeometry): { TO: number; TI: number; TX: number } {
  const taps = g.kernelY * g.kernelX;
  const TI = Math.min(2, g.inChannels / g.groups);
  if (taps > 25) return { TO: 2, TI: 1, TX: 2 };
  if (taps > 9) return { TO: 2, TI, TX: 4 };
  return { TO: 4, TI: g.strideY > 1 || g.outWidth === 7 ? 1 : TI, TX: 4 };
}
