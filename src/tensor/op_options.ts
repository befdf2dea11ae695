import type { FloatType } from "./dtype.ts";

/** Options of `gelu()`. */
export interface GeluOptions {
  /** `tanh` approximates the normal distribution, as PyTorch's option of this name does. Default `none`. */
  approximate?: "none" | "tanh";
}

/** Options of `matmul()`. */
export interface MatmulOptions {
  /** Uses the transpose of the last two dimensions of `a`; nothing is copied. Default false. */
  transposeA?: boolean;
  /** The same for `b`. Default false. */
  transposeB?: boolean;
}

/** Options of the reductions. */
export interface ReduceOptions {
  /** Dimensions to reduce; negative ones count from the back. Default: all. */
  dims?: number | readonly number[];
  /** Whether reduced dimensions stay as size 1. Default false. */
  keepDims?: boolean;
}

/** Options of `sum()`. */
export interface SumOptions extends ReduceOptions {
  /** Type of the result; sums are float32 inside. Default that of the tensor. */
  dtype?: FloatType;
}

/** Options of `norm()`. */
export interface NormOptions extends ReduceOptions {
  /** Order: above 0, infinite, or minus infinite. Default 2. */
  p?: number;
}

/** Options of `topk()`. */
export interface TopKOptions {
  /** The dimension that is searched. Default: the last. */
  dim?: number;
  /** The smallest instead when false. Default true. */
  largest?: boolean;
}

/** Options of `variance()`. */
export interface VarianceOptions extends ReduceOptions {
  /** Taken off the number of elements in the divisor. Default 1: the unbiased estimate. */
  correction?: number;
}

/** `start:end:step` of Python; null or left out: from the first, to the last, by one. */
export type IndexRange = readonly [start?: number | null, end?: number | null, step?: number];

/**
 * What is taken of one dimension: a position, a range `[start, end, step]` whose end is exclusive and of which the last
 * ones may be left out, or null for everything. Negative positions count from the back.
 */
export type Index = number | IndexRange | null;
