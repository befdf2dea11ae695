import type { Gpu } from "../../gpu/gpu.ts";

/** How a workgroup shares out a part of a matrix product through workgroup memory. */
export interface ProductTile {
  /** Threads down the part. */
  readonly TY: number;
  /** Threads across. */
  readonly TX: number;
  /** Rows of a thread: 4 or 8. */
  readonly R: number;
  /** Columns of a thread: 4 or 8. */
  readonly C: number;
  /** Places of the sum in workgroup memory at a time. */
  readonly D: number;
  /** Threads of the workgroup. */
  readonly THREADS: number;
  /** Rows of the part. */
  readonly BM: number;
  /** Columns of the part. */
  readonly BN: number;
  /**
   * Places of the sum that are unrolled. Default all, but one where compiling is slow.
   */
  readonly U?: number;
}

/** Sizes of a product. */
interface ProductShape {
  readonly rows: number;
  readonly columns: number;
}

/** Threads that fill a large device. */
export const FILLING_THREADS = 65536;

/** Parts of a large device that have a workgroup each, and the threads that keep one busy. */
const UNITS = 96;
const UNIT_THREADS = 128;

/**
 * The tiles of products, from the largest. Few rows want low and wide ones, few columns tall ones. Where a thread of a small
 * workgroup has 8 x 8 results, its registers suffice for the loads of 8 places of the sum at a time. With 16 rows or fewer the
 * other matrix is read for so few products that reading is what takes the time.
 */
export const PRODUCT_TILES: readonly ProductTile[] = [
  tileOf(16, 16, 8, 16),
  tileOf(8, 16, 8, 8),
  tileOf(8, 8, 8, 8),
  tileOf(8, 16, 4, 16),
  tileOf(16, 4, 8, 8),
];

/** The tiles of convolutions, where 16 rows (channels) read no more of the other matrix than more do: taps share a pixel. */
export const CONVOLUTION_TILES: readonly ProductTile[] = [...PRODUCT_TILES, tileOf(4, 16, 4, 16)];

/** The same where loads take more registers: of weight gradients, and where a step of the sum goes over several taps. */
export const SHALLOW_TILES: readonly ProductTile[] = [...PRODUCT_TILES, tileOf(4, 32, 4, 8)];

/** One more for devices whose units hold more workgroups when these take less memory: only measuring tells. */
const LEAN_TILE = tileOf(16, 16, 8, 8);

/** Where compiling is slow, which is where only tests take these kernels: it compiles in a fraction of the time. */
const QUICK_TILE = tileOf(8, 8, 4, 8, 4);

function tileOf(TY: number, TX: number, R: number, D: number, C = 8): ProductTile {
  return { TY, TX, R, C, D, THREADS: TY * TX, BM: TY * R, BN: TX * C };
}

/** The name of a tile, such as `8x16 of 8x8, 8 deep`. */
export function tileName({ TY, TX, R, C, D }: ProductTile): string {
  return `${TY}x${TX} of ${R}x${C}, ${D} deep`;
}

/** The tiles that are worth measuring on a device: `first`, and the others that it has room for. */
export function tilesToTime(
  gpu: Gpu,
  first: ProductTile,
  tiles: readonly ProductTile[] = PRODUCT_TILES,
): readonly ProductTile[] {
  const others = gpu.compilesSlowly ? [PRODUCT_TILES[2]] : [...fitting(gpu, tiles), LEAN_TILE];
  return [first, ...others.filter((tile) => tileName(tile) !== tileName(first))];
}

/** Template values of a kernel for a tile. */
export function tileValues(gpu: Gpu, tile: ProductTile): ProductTile & { readonly U: number } {
  return { ...tile, U: tile.U ?? (gpu.compilesSlowly ? 1 : tile.D) };
}

/** Workgroups for a product. */
export function workgroupsOf({ rows, columns }: ProductShape, { BM, BN }: ProductTile): number {
  return Math.ceil(rows / BM) * Math.ceil(columns / BN);
}

/** The tile for products whose sums can be cut until the device is full: the one that wastes least. */
export function leastWork(
  gpu: Gpu,
  shape: ProductShape,
  tiles: readonly ProductTile[] = PRODUCT_TILES,
): ProductTile {
  return leastOf(
    gpu,
    tiles,
    (tile) => workgroupsOf(shape, tile) * tile.BM * tile.BN * effort(tile),
  );
}

/** The tile with which the device takes the least time for `count` products, as many workgroups as there are units at once. */
export function leastTime(
  gpu: Gpu,
  shape: ProductShape,
  count: number = 1,
  tiles: readonly ProductTile[] = PRODUCT_TILES,
): ProductTile {
  return leastOf(gpu, tiles, (tile) => {
    const rounds = Math.ceil(count * workgroupsOf(shape, tile) / UNITS);
    return Math.max(rounds * tile.THREADS, UNIT_THREADS) * tile.R * tile.C * effort(tile);
  });
}

/** Time of a multiply-add: small tiles load more for each, from memory and from workgroup memory. */
function effort({ BM, BN, R }: ProductTile): number {
  return (1 + 8 / BM + 8 / BN) * (R === 4 ? 1.1 : 1);
}

/** Bytes of workgroup memory in float32, with a vector of padding for rows and for columns. */
function tileBytes({ BM, BN, D }: ProductTile): number {
  return 16 * D * (BM / 4 + 1 + BN / 4 + 1);
}

/** Of the tiles that the device has room for. */
function leastOf(
  gpu: Gpu,
  tiles: readonly ProductTile[],
  cost: (tile: ProductTile) => number,
): ProductTile {
  if (gpu.compilesSlowly) return QUICK_TILE;
  return fitting(gpu, tiles).reduce((best, each) => cost(each) < cost(best) ? each : best);
}

/** WebGPU promises 16384 bytes, which all but the largest take less than. */
function fitting({ device }: Gpu, tiles: readonly ProductTile[]): readonly ProductTile[] {
  const room = device.limits.maxComputeWorkgroupStorageSize;
  return tiles.filter((tile) => tileBytes(tile) <= room);
}
