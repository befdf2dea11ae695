import gatherCode from "../../../kernels/index/gather.wgsl" with { type: "text" };
import scatterAddCode from "../../../kernels/index/scatter_add.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { numel, type Shape } from "../../tensor/shape.ts";
import { linearGrid } from "../grid.ts";

const gatherKernel = new Kernel("gather", gatherCode);
const scatterAddKernel = new Kernel("scatter_add", scatterAddCode);

const NAN_BITS = 0x7fc00000;

/** How an index picks from dimension `dim` of a tensor of `shape`. */
interface IndexWalk {
  readonly shape: Shape;
  readonly dim: number;
  /** int32 or uint32: one index for every pick, or one for every element of the result. */
  readonly index: Tensor;
  /** Whether `index` is the same for all positions of the other dimensions. */
  readonly shared: boolean;
}

/** Picks from `x`, off the tape: NaN (0 for integers) where an index is out of range. */
export function gatherAlong(x: Tensor, walk: IndexWalk): Tensor {
  if (x.dtype === "float16") throw new TypeError('gather() of float16; use to("float32")');
  const params = walkParams(walk);
  const shape = x.shape.map((n, d) => d === walk.dim ? params.picks : n);
  const y = Tensor.result(x.gpu, shape, x.dtype);
  const lanes = walk.shared && params.inner % 4 === 0 ? 4 : 1;
  const total = numel(shape) / lanes;
  const outside = x.dtype === "float32" ? NAN_BITS : 0;
  x.gpu.dispatch(gatherKernel, {
    bindings: { x, index: walk.index, y },
    params: { ...params, inner: params.inner / lanes, total, outside },
    values: { T: lanes === 4 ? "vec4u" : "u32" },
    workgroups: linearGrid(Math.ceil(total / 64)),
  });
  return y;
}

/**
 * Adds `source`, of the shape {@linkcode gatherAlong} gives, to where it was picked from, off the tape.
 *
 * @param base what is added to, of shape `walk.shape`; null for zeros.
 */
export function scatterAddAlong(base: Tensor | null, source: Tensor, walk: IndexWalk): Tensor {
  const y = Tensor.result(source.gpu, walk.shape);
  const bindings = { source, index: walk.index, y };
  source.gpu.dispatch(scatterAddKernel, {
    bindings: base ? { ...bindings, base } : bindings,
    params: { ...walkParams(walk), total: y.numel },
    values: { BASE: base !== null },
    workgroups: linearGrid(Math.ceil(y.numel / 64)),
  });
  return y;
}

function walkParams({ shape, dim, index, shared }: IndexWalk) {
  const inner = numel(shape.slice(dim + 1));
  const picks = shared ? index.numel : index.shape[dim];
  return {
    size: shape[dim],
    picks,
    inner,
    indexOuter: shared ? 0 : picks * inner,
    indexPick: shared ? 1 : inner,
    indexInner: shared ? 0 : 1,
  };
}
