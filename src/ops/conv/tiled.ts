import code from "../../../kernels/conv/conv2d_tiled.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { linearGrid } from "../grid.ts";
import { sumPartials } from "../sum_partials.ts";
import { type ConvGeometry, weightShape } from "./geometry.ts";

const tiledKernel = new Kernel("conv2d_tiled", code);

const WORKGROUPS_WANTED = 512;

/** Forward convolution as a tiled matrix product for each group. */
export function convForwardTiled(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  g: ConvGeometry,
): Tensor {
  const y = Tensor.result(x.gpu, [g.images, g.outChannels, g.outHeight, g.outWidth], x.dtype);
  run(0, weight, x, y, bias, g, {
    rows: g.outChannels / g.groups,
    columns: g.images * g.outHeight * g.outWidth,
    depth: g.inChannels / g.groups * g.kernelY * g.kernelX,
  });
  return y;
}

/** Input gradient as a tiled matrix product for each group. */
export function convInputGradTiled(dy: Tensor, weight: Tensor, g: ConvGeometry): Tensor {
  const dx = Tensor.result(dy.gpu, [g.images, g.inChannels, g.height, g.width], dy.dtype);
  run(1, weight, dy, dx, null, g, {
    rows: g.inChannels / g.groups,
    columns: g.images * g.height * g.width,
    depth: g.outChannels / g.groups * g.kernelY * g.kernelX,
  });
  return dx;
}

/** Weight gradient as a tiled matrix product over the pixels, split to fill the device. */
export function convWeightGradTiled(x: Tensor, dy: Tensor, g: ConvGeometry): Tensor {
  const rows = g.outChannels / g.groups;
  const columns = g.inChannels / g.groups * g.kernelY * g.kernelX;
  const depth = g.images * g.outHeight * g.outWidth;
  const tiles = g.groups * Math.ceil(rows / 64) * Math.ceil(columns / 64);
  const wanted = Math.min(Math.ceil(WORKGROUPS_WANTED / tiles), Math.ceil(depth / 256));
  const depthPerSplit = Math.ceil(depth / wanted / 16) * 16;
  const splits = Math.ceil(depth / depthPerSplit);
  const partials = Tensor.result(x.gpu, [splits, g.outChannels * columns]);
  run(2, dy, x, partials, null, g, { rows, columns, depth }, depthPerSplit, splits);
  return sumPartials(partials, weightShape(g));
}

function run(
  mode: 0 | 1 | 2,
  a: Tensor,
  b: Tensor,
  c: Tensor,
  bias: Tensor | null,
  g: ConvGeometry,
  size: { rows: number; columns: number; depth: number },
  depthPerSplit: number = size.depth,
  splits = 1,
): void {
  const rowTiles = Math.ceil(size.rows / 64);
  const [x, y] = linearGrid(Math.ceil(size.columns / 64));
  a.gpu.dispatch(tiledKernel, {
    bindings: {
      a: a.storage,
      b: b.storage,
      c: c.storage,
      ...(bias ? { bias: bias.storage } : {}),
    },
    params: {
      ...size,
      rowTiles,
      depthPerSplit,
      groupIn: g.inChannels / g.groups,
      groupOut: g.outChannels / g.groups,
      ...g,
    },
    values: { MODE: mode, BIAS: Number(bias !== null), E: wgslFloat(b.dtype) },
    workgroups: [x, y * rowTiles, g.groups * splits],
  });
}
