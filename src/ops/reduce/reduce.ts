import code from "../../../kernels/reduce/reduce.wgsl" with { type: "text" };
import treeCode from "../../../kernels/reduce/reduce_tree.wgsl" with { type: "text" };
import type { Gpu } from "../../gpu/gpu.ts";
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { type DType, wgslFloat } from "../../tensor/dtype.ts";
import { linearGrid } from "../grid.ts";
import type { ReduceLayout } from "./layout.ts";

const threadKernel = new Kernel("reduce", code);
const treeKernel = new Kernel("reduce_tree", treeCode);

/** The reductions the kernels know: `ties` counts elements equal to the centre, `squares` adds squared distances to it. */
export type Reduction = "sum" | "max" | "ties" | "squares";

/** `thread`: one thread a result. `tree`: a workgroup a result, for rows on discrete GPUs. */
type ReduceVariant = "thread" | "tree";

/** Options of {@linkcode reduce}. */
interface ReduceRunOptions {
  /** The result is multiplied by it. Default 1. */
  readonly scale?: number;
  /** What `ties` and `squares` compare with: one element for every result. */
  readonly center?: Tensor;
  /** Insists on a kernel, for tests. */
  readonly variant?: ReduceVariant;
  /** Insists on the number of parts, for tests. */
  readonly splits?: number;
  /** Type of the result; sums are float32 inside. Default that of `x`. */
  readonly dtype?: DType;
}

const OPS: Readonly<Record<Reduction, number>> = { sum: 0, max: 1, ties: 2, squares: 3 };
const TREE_GROUP = 256;

/**
 * Reduces the middle of `x` seen as [outer, count, inner] to a tensor [outer, inner], off the tape. A
 * few long reductions are cut into parts that a second pass joins in a fixed order.
 */
export function reduce(
  x: Tensor,
  layout: ReduceLayout,
  reduction: Reduction,
  options: ReduceRunOptions = {},
): Tensor {
  const variant = options.variant ?? chooseVariant(x.gpu, layout);
  const splits = options.splits ?? chooseSplits(x.gpu, layout, variant);
  const { outer, inner } = layout;
  const { scale = 1, dtype = x.dtype } = options;
  if (splits === 1) {
    return pass(x, layout, OPS[reduction], variant, layout.count, scale, dtype, options.center);
  }
  const part = 4 * Math.ceil(layout.count / splits / 4);
  const partials = pass(x, layout, OPS[reduction], variant, part, 1, "float32", options.center);
  const count = partials.shape[1];
  const join = reduction === "max" ? OPS.max : OPS.sum;
  const y = pass(partials, { outer, count, inner }, join, variant, count, scale, dtype);
  partials.dispose();
  return y;
}

/** One dispatch: [outer, count, inner] to [outer, splits, inner] with parts of `part` elements. */
function pass(
  x: Tensor,
  { outer, count, inner }: ReduceLayout,
  op: number,
  variant: ReduceVariant,
  part: number,
  scale: number,
  dtype: DType,
  center?: Tensor,
): Tensor {
  const splits = Math.ceil(count / part);
  const y = Tensor.result(x.gpu, [outer, splits, inner], dtype);
  const types = { E: wgslFloat(x.dtype), R: wgslFloat(dtype) };
  const bindings = {
    x,
    y,
    center,
  };
  const params = { outer, count, inner, splits, part, scale };
  if (variant === "tree") {
    const group = count <= 64 ? 64 : TREE_GROUP;
    x.gpu.dispatch(treeKernel, {
      bindings,
      params,
      values: { OP: op, ...types, LANES: group, ROWS: 1 },
      workgroups: linearGrid(outer * splits),
    });
    return y;
  }
  const along = inner === 1 && count % 4 === 0;
  const vector = along || inner % 4 === 0 ? 4 : 1;
  const threads = outer * splits * (along ? 1 : inner / vector);
  const group = x.gpu.software && threads < 512 ? 16 : 64;
  x.gpu.dispatch(threadKernel, {
    bindings,
    params,
    values: { OP: op, VEC: vector, ALONG: Number(along), ...types },
    constants: { GROUP: group },
    workgroups: linearGrid(Math.ceil(threads / group)),
  });
  return y;
}

function chooseVariant(gpu: Gpu, { count, inner }: ReduceLayout): ReduceVariant {
  return !gpu.software && inner === 1 && count >= 32 ? "tree" : "thread";
}

function chooseSplits(gpu: Gpu, layout: ReduceLayout, variant: ReduceVariant): number {
  const { outer, count, inner } = layout;
  const results = outer * inner;
  // Enough parts to fill the device, none so short that the second pass costs more than it saves.
  const [wanted, shortest] = gpu.software
    ? [256, 1024]
    : variant === "tree"
    ? [256, 16 * TREE_GROUP]
    : [16384, 128];
  if (results >= wanted || count < 2 * shortest) return 1;
  return Math.min(Math.ceil(wanted / results), Math.floor(count / shortest));
}
