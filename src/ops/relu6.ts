import relu6Code from "../../kernels/elementwise/relu6.wgsl" with { type: "text" };
import relu6GradCode from "../../kernels/elementwise/relu6_grad.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { track } from "../tensor/autograd.ts";
import { wgslFloat } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mapElements } from "./elementwise_unary.ts";
import { requireFloats } from "./require_dtype.ts";

const relu6Kernel = new Kernel("relu6", relu6Code);
const relu6GradKernel = new Kernel("relu6_grad", relu6GradCode);

/**
 * `min(max(x, 0), 6)`, element by element. PyTorch: `torch.nn.functional.relu6`.
 *
 * @throws TypeError unless `x` is float32 or float16.
 */
export function relu6(x: Tensor): Tensor {
  requireFloats("relu6", x);
  const values = { E: wgslFloat(x.dtype) };
  const y = mapElements(relu6Kernel, "y", { x }, { values });
  return track(
    "relu6",
    [x],
    y,
    (dy) => [mapElements(relu6GradKernel, "dx", { y, dy }, { values })],
  );
}
