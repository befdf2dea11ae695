import code from "../../../kernels/matmul/matmul.wgsl" with { type: "text" };
import tiledCode from "../../../kernels/matmul/matmul_tiled.wgsl" with { type: "text" };
import type { Gpu } from "../../gpu/gpu.ts";
import { Kernel } from "../../gpu/kernel.ts";
import { withoutTape } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { type FloatType, wgslFloat } from "../../tensor/dtype.ts";
import { MAX_WORKGROUPS } from "../grid.ts";
import { sumPartials } from "../reduce/sum_partials.ts";
import { permute } from "../shape/permute.ts";
import { takeIn } from "../take_as.ts";
import { distinct, scratchLike, tuned } from "../tuned.ts";
import {
  FILLING_THREADS,
  leastTime,
  leastWork,
  type ProductTile,
  tileName,
  tilesToTime,
  tileValues,
  workgroupsOf,
} from "./product_tile.ts";
import { type ProductSize, productSize } from "./size.ts";

const registerKernel = new Kernel("matmul", code);
const tiledKernel = new Kernel("matmul_tiled", tiledCode);

/**
 * `register` keeps 8 x 8 results a thread in registers, for adapters that run on the CPU; `tiled`
 * goes through workgroup memory, for discrete GPUs.
 */
type ProductVariant = "register" | "tiled";

/** Options of {@linkcode product}. */
interface ProductOptions {
  /** Uses the transpose of `a`. Default false. */
  readonly transposeA?: boolean;
  /** Uses the transpose of `b`. Default false. */
  readonly transposeB?: boolean;
  /** [columns], added to every row. */
  readonly bias?: Tensor | null;
  /** Type of the result. Default float32. */
  readonly dtype?: FloatType;
  /** Insists on a kernel, for tests. */
  readonly variant?: ProductVariant;
  /** Insists on a tile of the `tiled` kernel, for tests. */
  readonly tile?: ProductTile;
  /** Insists on the number of parts that the sums are cut into, for tests. */
  readonly splits?: number;
}

/** Terms that one workgroup of the `tiled` kernel sums without parts. */
const SHORT = 256;

/** Sizes of one dispatch: sums are cut into `splits` parts of `part` terms. */
interface Cut extends ProductSize {
  readonly part: number;
  readonly splits: number;
  /** Of the `tiled` kernel; null with the other. */
  readonly tile: ProductTile | null;
}

/** `op(a) * op(b) + bias`, off the tape; float32, and by the `tiled` kernel also float16, whose sums are float32. */
export function product(a: Tensor, b: Tensor, options: ProductOptions = {}): Tensor {
  const { transposeA = false, transposeB = false, dtype = "float32" } = options;
  const size = productSize(a.shape, b.shape, transposeA, transposeB);
  const variant = options.variant ?? (a.gpu.software ? "register" : "tiled");
  if (variant === "register" && transposeB && b.ndim === 2 && worthTransposing(size)) {
    const turned = withoutTape(() => permute(b, [1, 0]));
    const result = product(a, turned, { ...options, transposeB: false });
    turned.dispose();
    return result;
  }
  const { tile, wanted } = chooseCut(a, b, size, variant, options);
  const part = wanted === 1 ? size.depth : 16 * Math.ceil(size.depth / wanted / 16);
  const splits = Math.ceil(size.depth / part);
  if (splits > 1 && size.batch > 1) throw new RangeError("a batch of products cannot be split");
  if (size.batch > MAX_WORKGROUPS) {
    throw new RangeError(
      `matmul() of ${size.batch} products; at most ${MAX_WORKGROUPS} go at once`,
    );
  }
  const c = splits === 1
    ? Tensor.result(a.gpu, size.shape, dtype)
    : Tensor.result(a.gpu, [splits, size.rows * size.columns]);
  const run = variant === "tiled" ? runTiled : runRegister;
  run(a, b, c, { ...size, part, splits, tile }, options);
  return splits === 1 ? c : takeIn(sumPartials(c, size.shape), dtype);
}

type Run = (a: Tensor, b: Tensor, c: Tensor, size: Cut, options: ProductOptions) => void;

const runTiled: Run = (a, b, c, size, options) => {
  const { rows, columns, batch, splits } = size;
  const tile = size.tile!;
  a.gpu.dispatch(tiledKernel, {
    ...operands(a, b, c, size, options.bias),
    values: {
      ...flags(options),
      ...types(a, b, c),
      ...tileValues(a.gpu, tile),
      VA: Number(options.transposeA === true && rows % 4 === 0),
      VC: Number(columns % 4 === 0),
    },
    workgroups: [
      Math.ceil(columns / tile.BN),
      Math.min(MAX_WORKGROUPS, Math.ceil(rows / tile.BM)),
      batch * splits,
    ],
  });
};

function chooseTile(gpu: Gpu, size: ProductSize): ProductTile {
  return size.batch > 1 ? leastTime(gpu, size, size.batch) : leastWork(gpu, size);
}

/** How a product is shared out: the tile, and how many parts the sums are cut into at most. */
interface Choice {
  readonly tile: ProductTile | null;
  readonly wanted: number;
}

/** The fastest tile and cut where they were measured, or else what should be. */
function chooseCut(
  a: Tensor,
  b: Tensor,
  size: ProductSize,
  variant: ProductVariant,
  options: ProductOptions,
): Choice {
  const { gpu } = a;
  const { splits, bias = null } = options;
  const tile = variant === "tiled" ? options.tile ?? chooseTile(gpu, size) : null;
  const cut = (tile: ProductTile | null, share = 1): Choice => {
    return { tile, wanted: splits ?? chooseSplits(size, tile, share) };
  };
  const standard = cut(tile);
  if (options.tile || splits !== undefined) return standard;
  return tuned(gpu, standard, () => ({
    kernel: tile ? tiledKernel : registerKernel,
    shape: [
      ...[size.batch, size.rows, size.columns, size.depth, size.strideA > 0, size.strideB > 0],
      ...Object.values(flags(options)),
    ].map(Number).map(String).concat([a.dtype, b.dtype, options.dtype ?? "float32"]),
    variants: distinct([
      standard,
      ...(tile
        ? [
          ...[0.5, 2, 8].map((share) => cut(tile, share)),
          ...tilesToTime(gpu, tile).map((each) => cut(each)),
        ]
        : partsToTime(size).map((wanted) => ({ tile, wanted }))),
    ], choiceName),
    nameOf: choiceName,
    run: ({ tile, wanted }) => {
      const insisted = { variant, splits: wanted, ...(tile && { tile }) };
      const scratch = { bias: bias && scratchLike(bias), ...insisted };
      product(scratchLike(a), scratchLike(b), { ...options, ...scratch });
    },
  }));
}

/** Parts for sums of the `register` kernel that are worth measuring. */
function partsToTime({ batch, depth }: ProductSize): number[] {
  return batch > 1 ? [] : [1, 2, 4, 8, 16].filter((parts) => depth >= 16 * parts);
}

function choiceName({ tile, wanted }: Choice): string {
  return `${tile ? tileName(tile) : "registers"} in ${wanted}`;
}

const runRegister: Run = (a, b, c, size, options) => {
  const { rows, columns } = size;
  const aligned = Number(columns % 4 === 0);
  const inEights = a.gpu.int64 && columns % 8 === 0;
  a.gpu.dispatch(registerKernel, {
    ...operands(a, b, c, size, options.bias),
    values: { ...flags(options), VB: options.transposeB ? 0 : inEights ? 2 : aligned, VC: aligned },
    workgroups: [
      Math.min(MAX_WORKGROUPS, Math.ceil(rows / 8)),
      Math.ceil(columns / 64),
      size.batch * size.splits,
    ],
  });
};

function operands(a: Tensor, b: Tensor, c: Tensor, size: Cut, bias?: Tensor | null) {
  const { rows, columns, depth, splits, part, strideA, strideB } = size;
  return {
    bindings: {
      a,
      b,
      c,
      bias,
    },
    params: { rows, columns, depth, splits, part, strideA, strideB },
  };
}

function types(...tensors: readonly [a: Tensor, b: Tensor, c: Tensor]) {
  const [EA, EB, EC] = tensors.map(({ dtype }) => wgslFloat(dtype));
  return { EA, EB, EC };
}

function flags({ transposeA, transposeB, bias }: ProductOptions) {
  return {
    TA: Number(transposeA ?? false),
    TB: Number(transposeB ?? false),
    BIAS: Number(Boolean(bias)),
  };
}

// The columns of a transposed b are loaded one element at a time, which costs about 13 microseconds
// per row of 512 x 512; turning it round first costs 400, once.
function worthTransposing({ rows, columns, depth }: ProductSize): boolean {
  return rows >= 64 && columns * depth >= 1 << 16 && columns % 4 === 0 && depth % 4 === 0;
}

/** Few results with long sums are cut along the sums, so that all of the device has work, or a `share` of it. */
function chooseSplits(size: ProductSize, tile: ProductTile | null, share: number): number {
  if (size.batch > 1) return 1;
  const groups = tile
    ? workgroupsOf(size, tile)
    : Math.ceil(size.rows / 8) * Math.ceil(size.columns / 64);
  // A second pass takes longer than what a short sum saves.
  if (tile && size.depth <= SHORT) return 1;
  const [wanted, shortest] = tile ? [FILLING_THREADS / tile.THREADS, 64] : [16, 512];
  const filling = Math.ceil(share * wanted / groups);
  return Math.max(1, Math.min(filling, Math.floor(size.depth / shortest)));
}
