import code from "../../../kernels/reduce/sum_partials.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import type { Shape } from "../../tensor/shape.ts";
import { linearGrid } from "../grid.ts";

const sumPartialsKernel = new Kernel("sum_partials", code);

/** Adds the rows of `partials` [splits, count] in order into a tensor of `shape`; frees `partials`. */
export function sumPartials(partials: Tensor, shape: Shape): Tensor {
  const [splits, count] = partials.shape;
  if (splits === 1) {
    const same = partials.alias(shape);
    partials.dispose();
    return same;
  }
  const total = Tensor.result(partials.gpu, shape);
  partials.gpu.dispatch(sumPartialsKernel, {
    bindings: { partials, total },
    params: { count, splits },
    workgroups: linearGrid(Math.ceil(count / 64)),
  });
  partials.dispose();
  return total;
}
