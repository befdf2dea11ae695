import packCode from "../../../kernels/conv/conv2d_tiled_pack.wgsl" with { type: "text" };
import code from "../../../kernels/conv/conv2d_tiled.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import { linearGrid } from "../grid.ts";
import {
  CONVOLUTION_TILES,
  leastTime,
  type ProductTile,
  SHALLOW_TILES,
  tileName,
  tilesToTime,
  tileValues,
} from "../matmul/product_tile.ts";
import { scratchLike, tuned } from "../tuned.ts";
import { type ConvEnding, NO_ENDING } from "./ending.ts";
import { type ConvGeometry, convWords, isPointwise } from "./geometry.ts";
import { packedWeight } from "./kept_weights.ts";
import { packedForTraining, type PackLayout } from "./weight_packs.ts";
import { forwardView, gradientView, type WeightView } from "./pack.ts";

const tiledKernel = new Kernel("conv2d_tiled", code);
const packKernel = new Kernel("conv2d_tiled_pack", packCode);

/** A convolution or its input gradient, as the kernel knows it: each place of a class sums over the taps in the source. */
interface Sum {
  readonly view: WeightView;
  /** [images, channels, height, width] of what is summed over. */
  readonly source: Tensor;
  /** The same of the result. */
  readonly target: Tensor;
  /** From a place to the first of its pixels in the source. */
  readonly scale: number;
  /** Classes of pixels along a side, which other taps reach. */
  readonly classSide: number;
  /** 1, or -1 where the taps go backwards. */
  readonly direction: 1 | -1;
}

/** Forward convolution as a tiled matrix product for each group; `tile` insists, for tests. */
export function convForwardTiled(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  g: ConvGeometry,
  tile?: ProductTile,
  ending: ConvEnding = NO_ENDING,
): Tensor {
  const target = Tensor.result(x.gpu, [g.images, g.outChannels, g.outHeight, g.outWidth], x.dtype);
  const how = { scale: g.strideY, classSide: 1, direction: 1 } as const;
  run({ view: forwardView(g), source: x, target, ...how }, weight, bias, g, tile, ending);
  return target;
}

/**
 * Input gradient as a tiled matrix product for each group and, with a stride, for each class of pixels that the same taps
 * reach; `tile` insists, for tests. `residual` is added.
 */
export function convInputGradTiled(
  dy: Tensor,
  weight: Tensor,
  g: ConvGeometry,
  tile?: ProductTile,
  residual: Tensor | null = null,
): Tensor {
  const target = Tensor.result(dy.gpu, [g.images, g.inChannels, g.height, g.width], dy.dtype);
  const how = { scale: 1, classSide: g.strideY, direction: -1 } as const;
  run({ view: gradientView(g, false), source: dy, target, ...how }, weight, null, g, tile, {
    residual,
  });
  return target;
}

function run(
  sum: Sum,
  weight: Tensor,
  bias: Tensor | null,
  g: ConvGeometry,
  insisted?: ProductTile,
  { residual = null, relu = false }: ConvEnding = NO_ENDING,
): void {
  const { source, target, view, scale, classSide } = sum;
  const [images, , targetHeight, targetWidth] = target.shape;
  const [, , sourceHeight, sourceWidth] = source.shape;
  const [placeHeight, placeWidth] = [targetHeight, targetWidth].map((size) =>
    Math.ceil(size / classSide)
  );
  const size = { rows: view.groupOut, columns: images * placeHeight * placeWidth };
  const products = g.groups * classSide ** 2;
  const tile = insisted ?? chooseTile(sum, weight, g, size, products);
  const rowTiles = Math.ceil(size.rows / tile.BM);
  const [x, y] = linearGrid(Math.ceil(size.columns / tile.BN));
  const K = Math.min(tile.D, 2 ** Math.ceil(Math.log2(view.groupIn)));
  const P = 4 * tile.THREADS / tile.BN;
  const packed = packWeights(weight, view, tile.BM, K, source.dtype);
  const vectors = targetHeight * targetWidth % 4 === 0;
  source.gpu.dispatch(tiledKernel, {
    bindings: { a: packed, b: source, c: target, bias, residual },
    params: {
      ...size,
      rowTiles,
      channels: view.groupIn,
      groups: g.groups,
      ...{ placeHeight, placeWidth, sourceHeight, sourceWidth, targetHeight, targetWidth },
      ...{ kernelY: g.kernelY, kernelX: g.kernelX, padY: g.padY, padX: g.padX },
      scale,
      classSide,
      direction: sum.direction >>> 0,
    },
    values: {
      E: wgslFloat(source.dtype),
      BIAS: Number(bias !== null),
      RESIDUAL: Number(residual !== null),
      RELU: Number(relu),
      ...tileValues(source.gpu, tile),
      ...{ K, P, G: Math.max(P, K) },
      WHOLE: Number(view.groupIn % K === 0),
      VB: Number(isPointwise(g) && vectors),
      VC: Number(classSide === 1 && vectors),
    },
    workgroups: [x, y * rowTiles, products],
  });
  packed.dispose();
}

/** The fastest tile where it was measured, or else the one that should be; what comes behind the sums changes little in that. */
function chooseTile(
  sum: Sum,
  weight: Tensor,
  g: ConvGeometry,
  size: Readonly<Record<"rows" | "columns", number>>,
  products: number,
): ProductTile {
  const { source, target, direction, view } = sum;
  const { gpu, dtype } = source;
  const tiles = view.groupIn < 16 ? SHALLOW_TILES : CONVOLUTION_TILES;
  const standard = leastTime(gpu, size, products, tiles);
  return tuned(gpu, standard, () => ({
    kernel: tiledKernel,
    shape: [direction > 0 ? "forward" : "gradient", dtype, ...convWords(g)],
    variants: tilesToTime(gpu, standard, tiles),
    nameOf: tileName,
    run: (tile) => {
      const parts = { source: scratchLike(source), target: scratchLike(target) };
      run({ ...sum, ...parts }, scratchLike(weight), null, g, tile);
    },
  }));
}

/** Weights for tiles of `tile` rows and `chunk` channels at a time. */
function packWeights(
  weight: Tensor,
  view: WeightView,
  tile: number,
  chunk: number,
  dtype: Tensor["dtype"],
): Tensor {
  const { groups, taps, groupOut: rows, groupIn: channels } = view;
  const rowTiles = Math.ceil(rows / tile);
  const chunks = Math.ceil(channels / chunk);
  const total = groups * rowTiles * chunks * taps * chunk * tile;
  const layout: PackLayout = {
    ...{ total, tile, taps, chunk, chunks, rowTiles, rows, channels },
    strideGroup: rows * channels * taps,
    strideRow: view.strideOut,
    strideChannel: view.strideIn,
  };
  const pack = (packed: Tensor) =>
    weight.gpu.dispatch(packKernel, {
      bindings: { w: weight, packed },
      params: { ...layout },
      values: { E: wgslFloat(dtype) },
      workgroups: linearGrid(Math.ceil(total / 64)),
    });
  return packedForTraining(weight, layout, dtype, pack) ??
    packedWeight(weight, `tiled ${Object.values(layout)}`, total, dtype, pack);
}
