import code from "../../../kernels/softmax/softmax.wgsl" with { type: "text" };
import gradCode from "../../../kernels/softmax/softmax_grad.wgsl" with { type: "text" };
import gradTreeCode from "../../../kernels/softmax/softmax_grad_tree.wgsl" with { type: "text" };
import treeCode from "../../../kernels/softmax/softmax_tree.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { normalizeDim, numel } from "../../tensor/shape.ts";
import { linearGrid } from "../grid.ts";
import type { ReduceLayout } from "../reduce/layout.ts";
import { requireFloat } from "../require_dtype.ts";

const forward = {
  thread: new Kernel("softmax", code),
  tree: new Kernel("softmax_tree", treeCode),
};
const gradient = {
  thread: new Kernel("softmax_grad", gradCode),
  tree: new Kernel("softmax_grad_tree", gradTreeCode),
};

/** `thread`: one thread a row. `tree`: a workgroup a row, for discrete GPUs. */
type SoftmaxVariant = "thread" | "tree";

/** Soft-max along `dim`, or its logarithm, on the tape; `variant` insists on a kernel. */
export function softmaxRows(
  x: Tensor,
  dim: number,
  logarithm: boolean,
  variant?: SoftmaxVariant,
): Tensor {
  const name = logarithm ? "log_softmax" : "softmax";
  requireFloat(name, x);
  const d = normalizeDim(dim, x.ndim);
  const layout: ReduceLayout = {
    outer: numel(x.shape.slice(0, d)),
    count: x.shape[d],
    inner: numel(x.shape.slice(d + 1)),
  };
  const tree = !x.gpu.software && layout.inner === 1 && layout.count >= 32;
  const chosen = variant ?? (tree ? "tree" : "thread");
  const y = Tensor.result(x.gpu, x.shape);
  run(forward, chosen, layout, logarithm, { x, y });
  return track([name, { dim: d }], [x], y, (dy) => {
    const dx = Tensor.result(x.gpu, x.shape);
    run(gradient, chosen, layout, logarithm, { y, dy, dx });
    return [dx];
  });
}

function run(
  kernels: Readonly<Record<SoftmaxVariant, Kernel>>,
  variant: SoftmaxVariant,
  layout: ReduceLayout,
  logarithm: boolean,
  tensors: Readonly<Record<string, Tensor>> & { readonly y: Tensor },
): void {
  const { gpu } = tensors.y;
  const { outer, count, inner } = layout;
  const common = { bindings: tensors, params: { outer, count, inner } };
  const LOG = Number(logarithm);
  if (variant === "tree") {
    const values = { LOG, LANES: count <= 128 ? 64 : 128, ROWS: 1 };
    gpu.dispatch(kernels.tree, { ...common, values, workgroups: linearGrid(outer) });
    return;
  }
  const along = inner === 1 && count % 4 === 0;
  const vector = along || inner % 4 === 0 ? 4 : 1;
  const threads = along ? outer : outer * inner / vector;
  // Few rows on a CPU: small groups, so that every core has some.
  const group = gpu.software && threads < 512 ? 16 : 64;
  gpu.dispatch(kernels.thread, {
    ...common,
    values: { LOG, VEC: vector, ALONG: Number(along) },
    constants: { GROUP: group },
    workgroups: linearGrid(Math.ceil(threads / group)),
  });
}
