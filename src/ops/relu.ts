import reluCode from "../../kernels/elementwise/relu.wgsl" with { type: "text" };
import reluGradCode from "../../kernels/elementwise/relu_grad.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { track } from "../tensor/autograd.ts";
import { Tensor } from "../tensor/tensor.ts";
import { elementwiseGrid } from "./grid.ts";

const reluKernel = new Kernel("relu", reluCode);
const reluGradKernel = new Kernel("relu_grad", reluGradCode);

/** `max(x, 0)`, element by element. PyTorch: `torch.relu`. */
export function relu(x: Tensor): Tensor {
  const y = Tensor.result(x.gpu, x.shape);
  const workgroups = elementwiseGrid(x.numel);
  x.gpu.dispatch(reluKernel, { bindings: { x: x.storage, y: y.storage }, workgroups });
  return track("relu", [x], y, (dy) => {
    const dx = Tensor.result(x.gpu, x.shape);
    const bindings = { y: y.storage, dy: dy.storage, dx: dx.storage };
    x.gpu.dispatch(reluGradKernel, { bindings, workgroups });
    return [dx];
  });
}
