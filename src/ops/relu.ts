import reluCode from "../../kernels/elementwise/relu.wgsl" with { type: "text" };
import reluGradCode from "../../kernels/elementwise/relu_grad.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { track } from "../tensor/autograd.ts";
import { wgslFloat } from "../tensor/dtype.ts";
import { Tensor } from "../tensor/tensor.ts";
import { elementwiseGrid } from "./grid.ts";
import { requireFloats } from "./require_dtype.ts";

const reluKernel = new Kernel("relu", reluCode);
const reluGradKernel = new Kernel("relu_grad", reluGradCode);

/** `max(x, 0)`, element by element. PyTorch: `torch.relu`. */
export function relu(x: Tensor): Tensor {
  requireFloats("relu", x);
  const y = Tensor.result(x.gpu, x.shape, x.dtype);
  const shared = { values: { E: wgslFloat(x.dtype) }, workgroups: elementwiseGrid(x.numel) };
  x.gpu.dispatch(reluKernel, { bindings: { x: x.storage, y: y.storage }, ...shared });
  return track("relu", [x], y, (dy) => {
    const dx = Tensor.result(x.gpu, x.shape, x.dtype);
    const bindings = { y: y.storage, dy: dy.storage, dx: dx.storage };
    x.gpu.dispatch(reluGradKernel, { bindings, ...shared });
    return [dx];
  });
}
