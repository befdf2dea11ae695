import type { Gpu } from "../../gpu/gpu.ts";

/** How a workgroup of 256 threads shares out a part of a matrix product; a thread makes 4 rows of `C` columns. */
export interface ProductTile {
  /** Threads down the part. */
  readonly TY: number;
  /** Threads across. */
  readonly TX: number;
  /** Columns of a thread: 4 or 8. */
  readonly C: number;
  /** Rows of the part. */
  readonly BM: number;
  /** Columns of the part. */
  readonly BN: number;
}

/** Sizes of a product. */
interface ProductShape {
  readonly rows: number;
  readonly columns: number;
}

/** Workgroups of 256 threads that fill a large device. */
export const FILLING_WORKGROUPS = 256;

/** All tiles, from the largest; few rows (output channels, say) want low and wide ones. */
export const PRODUCT_TILES: readonly ProductTile[] = [[16, 8], [8, 8], [16, 4], [8, 4], [4, 4]]
  .map(([TY, C]) => {
    const TX = 256 / TY;
    return { TY, TX, C, BM: 4 * TY, BN: C * TX };
  });

/** Workgroups for a product. */
export function workgroupsOf({ rows, columns }: ProductShape, { BM, BN }: ProductTile): number {
  return Math.ceil(rows / BM) * Math.ceil(columns / BN);
}

/** The tile for products whose sums can be cut until the device is full: the one that wastes least. */
export function leastWork(gpu: Gpu, shape: ProductShape): ProductTile {
  return leastOf(gpu, (tile) => workgroupsOf(shape, tile) * effort(tile));
}

/** The tile with which the device takes the least time for `count` products, as many workgroups as fit at once. */
export function leastTime(gpu: Gpu, shape: ProductShape, count = 1): ProductTile {
  return leastOf(gpu, (tile) => {
    const rounds = count * workgroupsOf(shape, tile) / FILLING_WORKGROUPS;
    return Math.max(1, rounds) * effort(tile);
  });
}

/** Time of a workgroup: multiply-adds, and loads from workgroup memory, which 4 columns share less well than 8. */
function effort({ BM, BN, C }: ProductTile): number {
  return BM * BN * (C === 4 ? 1.15 : 1);
}

/** Bytes of workgroup memory: 16 places of the sum, with a vector of padding for rows and for columns, in float32. */
function tileBytes({ BM, BN }: ProductTile): number {
  return 16 * 16 * (BM / 4 + 1 + BN / 4 + 1);
}

/** Of the tiles that the device has room for; WebGPU promises 16384 bytes, which most take less than. */
function leastOf({ device }: Gpu, cost: (tile: ProductTile) => number): ProductTile {
  const room = device.limits.maxComputeWorkgroupStorageSize;
  return PRODUCT_TILES.filter((tile) => tileBytes(tile) <= room)
    .reduce((best, each) => cost(each) < cost(best) ? each : best);
}
