import code from "../../../kernels/conv/conv2d_tiled_weight_grad.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import {
  CONVOLUTION_TILES,
  FILLING_THREADS,
  leastWork,
  type ProductTile,
  tileValues,
  workgroupsOf,
} from "../matmul/product_tile.ts";
import { sumPartials } from "../reduce/sum_partials.ts";
import { type ConvGeometry, weightShape } from "./geometry.ts";

const weightGradKernel = new Kernel("conv2d_tiled_weight_grad", code);

/** Fewest pixels that a workgroup sums. */
const SHORTEST = 256;

/** Weight gradient as a tiled matrix product over the pixels, split to fill the device; `tile` insists, for tests. */
export function convWeightGradTiled(
  x: Tensor,
  dy: Tensor,
  g: ConvGeometry,
  tile?: ProductTile,
): Tensor {
  const channels = g.inChannels / g.groups;
  const paddedChannels = 4 * Math.ceil(channels / 4);
  const size = {
    rows: g.outChannels / g.groups,
    columns: paddedChannels * g.kernelY * g.kernelX,
  };
  const depth = g.images * g.outHeight * g.outWidth;
  const chosen = tile ?? leastWork(x.gpu, size, CONVOLUTION_TILES);
  const { BM, BN, D, THREADS } = chosen;
  const tiles = g.groups * workgroupsOf(size, chosen);
  const filling = Math.ceil(2 * FILLING_THREADS / THREADS / tiles);
  const wanted = Math.min(filling, Math.ceil(depth / SHORTEST));
  const depthPerSplit = Math.ceil(depth / wanted / 16) * 16;
  const splits = Math.ceil(depth / depthPerSplit);
  const partials = Tensor.result(x.gpu, [splits, g.outChannels * channels * g.kernelY * g.kernelX]);
  const rowsOn = Math.floor(D / g.outWidth);
  x.gpu.dispatch(weightGradKernel, {
    bindings: { dy, x, partials },
    params: {
      ...g,
      rows: size.rows,
      ...{ channels, paddedChannels, depth, depthPerSplit },
      stride: g.strideY,
      stepImages: Math.floor(rowsOn / g.outHeight),
      stepY: rowsOn % g.outHeight,
      stepX: D % g.outWidth,
    },
    values: { E: wgslFloat(x.dtype), ...tileValues(x.gpu, chosen) },
    workgroups: [Math.ceil(size.columns / BN), Math.ceil(size.rows / BM), g.groups * splits],
  });
  return sumPartials(partials, weightShape(g));
}
