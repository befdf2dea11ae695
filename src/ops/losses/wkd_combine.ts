import combineCode from "../../../kernels/sinkhorn/combine.wgsl" with { type: "text" };
import combineGradCode from "../../../kernels/sinkhorn/combine_grad.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { constantNumber } from "../elementwise/fill.ts";

const combineKernel = new Kernel("wkd_combine", combineCode);
const combineGradKernel = new Kernel("wkd_combine_grad", combineGradCode);

/**
 * `mean(term) + weight mean(distance)` of two tensors `[samples]`, one number. A weight that changes from step to
 * step is a tensor of one element; it gets no gradient.
 */
export function wkdCombine(term: Tensor, distance: Tensor, weight: number | Tensor): Tensor {
  const { gpu } = term;
  const [samples] = term.shape;
  const given = typeof weight === "number" ? constantNumber(gpu, weight) : weight;
  const loss = Tensor.result(gpu, []);
  gpu.dispatch(combineKernel, {
    bindings: {
      term,
      distance,
      weight: given,
      loss,
    },
    params: { samples },
    workgroups: [1],
  });
  return track("wkdCombine", [term, distance], loss, (dloss) => {
    const [dterm, ddistance] = [Tensor.result(gpu, [samples]), Tensor.result(gpu, [samples])];
    gpu.dispatch(combineGradKernel, {
      bindings: {
        dloss,
        weight: given,
        dterm,
        ddistance,
      },
      params: { samples },
      workgroups: [Math.ceil(samples / 64)],
    });
    return [dterm, ddistance];
  }, given === weight ? [] : [given]);
}
