import code from "../../../kernels/conv/conv2d_tiled.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import { linearGrid } from "../grid.ts";
import {
  FILLING_THREADS,
  leastTime,
  leastWork,
  type ProductTile,
  workgroupsOf,
} from "../matmul/product_tile.ts";
import { sumPartials } from "../reduce/sum_partials.ts";
import { type ConvGeometry, weightShape } from "./geometry.ts";

const tiledKernel = new Kernel("conv2d_tiled", code);

interface Size {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

/** Forward convolution as a tiled matrix product for each group; `tile` insists, for tests. */
export function convForwardTiled(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  g: ConvGeometry,
  tile?: ProductTile,
): Tensor {
  const y = Tensor.result(x.gpu, [g.images, g.outChannels, g.outHeight, g.outWidth], x.dtype);
  const size = {
    rows: g.outChannels / g.groups,
    columns: g.images * g.outHeight * g.outWidth,
    depth: g.inChannels / g.groups * g.kernelY * g.kernelX,
  };
  run(0, weight, x, y, bias, g, size, tile ?? leastTime(x.gpu, size, g.groups));
  return y;
}

/** Input gradient as a tiled matrix product for each group; `tile` insists, for tests. */
export function convInputGradTiled(
  dy: Tensor,
  weight: Tensor,
  g: ConvGeometry,
  tile?: ProductTile,
): Tensor {
  const dx = Tensor.result(dy.gpu, [g.images, g.inChannels, g.height, g.width], dy.dtype);
  const size = {
    rows: g.inChannels / g.groups,
    columns: g.images * g.height * g.width,
    depth: g.outChannels / g.groups * g.kernelY * g.kernelX,
  };
  run(1, weight, dy, dx, null, g, size, tile ?? leastTime(dy.gpu, size, g.groups));
  return dx;
}

/** Weight gradient as a tiled matrix product over the pixels, split to fill the device; `tile` insists, for tests. */
export function convWeightGradTiled(
  x: Tensor,
  dy: Tensor,
  g: ConvGeometry,
  tile?: ProductTile,
): Tensor {
  const size = {
    rows: g.outChannels / g.groups,
    columns: g.inChannels / g.groups * g.kernelY * g.kernelX,
    depth: g.images * g.outHeight * g.outWidth,
  };
  const { depth } = size;
  const chosen = tile ?? leastWork(x.gpu, size);
  const tiles = g.groups * workgroupsOf(size, chosen);
  const wanted = Math.min(Math.ceil(2 * FILLING_THREADS / tiles / chosen.THREADS), Math.ceil(depth / 256));
  const depthPerSplit = Math.ceil(depth / wanted / 16) * 16;
  const splits = Math.ceil(depth / depthPerSplit);
  const partials = Tensor.result(x.gpu, [splits, g.outChannels * size.columns]);
  run(2, dy, x, partials, null, g, size, chosen, depthPerSplit, splits);
  return sumPartials(partials, weightShape(g));
}

function run(
  mode: 0 | 1 | 2,
  a: Tensor,
  b: Tensor,
  c: Tensor,
  bias: Tensor | null,
  g: ConvGeometry,
  size: Size,
  tile: ProductTile,
  depthPerSplit: number = size.depth,
  splits = 1,
): void {
  const rowTiles = Math.ceil(size.rows / tile.BM);
  const [x, y] = linearGrid(Math.ceil(size.columns / tile.BN));
  const place = [g.outHeight * g.outWidth, g.height * g.width, size.columns][mode];
  a.gpu.dispatch(tiledKernel, {
    bindings: {
      a,
      b,
      c,
      bias,
    },
    params: {
      ...size,
      rowTiles,
      depthPerSplit,
      groupIn: g.inChannels / g.groups,
      groupOut: g.outChannels / g.groups,
      ...g,
    },
    values: {
      MODE: mode,
      BIAS: Number(bias !== null),
      E: wgslFloat(b.dtype),
      KH: g.kernelY,
      KW: g.kernelX,
      S: g.strideY,
      ...tile,
      VC: Number(place % 4 === 0),
    },
    workgroups: [x, y * rowTiles, g.groups * splits],
  });
}
