import code from "../../../kernels/conv/conv2d_tiled_weight_grad.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import {
  FILLING_THREADS,
  leastWork,
  type ProductTile,
  SHALLOW_TILES,
  tileName,
  tilesToTime,
  tileValues,
  workgroupsOf,
} from "../matmul/product_tile.ts";
import { sumPartials } from "../reduce/sum_partials.ts";
import { distinct, scratchLike, tuned } from "../tuned.ts";
import { type ConvGeometry, convWords, weightShape } from "./geometry.ts";

const weightGradKernel = new Kernel("conv2d_tiled_weight_grad", code);

/** Fewest pixels that a workgroup sums. */
const SHORTEST = 256;

/** A tile, and how many parts the pixels are cut into at most. */
interface Cut {
  readonly tile: ProductTile;
  readonly wanted: number;
}

/** Weight gradient as a tiled matrix product over the pixels, split to fill the device; `tile` insists, for tests. */
export function convWeightGradTiled(
  x: Tensor,
  dy: Tensor,
  g: ConvGeometry,
  tile?: ProductTile,
): Tensor {
  return run(x, dy, g, tile ? fillingCut(g, tile) : chooseCut(x, dy, g));
}

function run(x: Tensor, dy: Tensor, g: ConvGeometry, { tile, wanted }: Cut): Tensor {
  const { size, channels, paddedChannels, depth } = sizesOf(g);
  const { BM, BN, D } = tile;
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
    values: {
      E: wgslFloat(x.dtype),
      ...tileValues(x.gpu, tile),
      ...vectorsOf(tile, paddedChannels),
      WHOLE: Number(depth % D === 0),
    },
    workgroups: [Math.ceil(size.columns / BN), Math.ceil(size.rows / BM), g.groups * splits],
  });
  return sumPartials(partials, weightShape(g));
}

/** Vectors of columns that a thread loads, and as many of them as can lie in one tap. */
function vectorsOf({ BN, D, THREADS }: ProductTile, paddedChannels: number) {
  const NB = BN * D / (4 * THREADS);
  const S = [4, 2, 1].find((S) => NB % S === 0 && paddedChannels % (4 * S) === 0)!;
  return { NB, S };
}

function sizesOf(g: ConvGeometry) {
  const channels = g.inChannels / g.groups;
  const paddedChannels = 4 * Math.ceil(channels / 4);
  const size = {
    rows: g.outChannels / g.groups,
    columns: paddedChannels * g.kernelY * g.kernelX,
  };
  return { size, channels, paddedChannels, depth: g.images * g.outHeight * g.outWidth };
}

/** As many parts as fill the device twice, or `share` of them. */
function fillingCut(g: ConvGeometry, tile: ProductTile, share = 1): Cut {
  const { size, depth } = sizesOf(g);
  const tiles = g.groups * workgroupsOf(size, tile);
  const filling = Math.ceil(2 * share * FILLING_THREADS / tile.THREADS / tiles);
  return { tile, wanted: Math.min(filling, Math.ceil(depth / SHORTEST)) };
}

/** The fastest tile and cut where they were measured, or else what should be. */
function chooseCut(x: Tensor, dy: Tensor, g: ConvGeometry): Cut {
  const { gpu, dtype } = x;
  const tile = leastWork(gpu, sizesOf(g).size, SHALLOW_TILES);
  const standard = fillingCut(g, tile);
  return tuned(gpu, standard, () => ({
    kernel: weightGradKernel,
    shape: [dtype, ...convWords(g)],
    variants: distinct([
      standard,
      ...[0.5, 2].map((share) => fillingCut(g, tile, share)),
      ...tilesToTime(gpu, tile, SHALLOW_TILES).map((each) => fillingCut(g, each)),
    ], cutName),
    nameOf: cutName,
    run: (cut) => void run(scratchLike(x), scratchLike(dy), g, cut),
  }));
}

function cutName({ tile, wanted }: Cut): string {
  return `${tileName(tile)} in ${wanted}`;
}
