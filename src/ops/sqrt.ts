import sqrtCode from "../../kernels/elementwise/sqrt.wgsl" with { type: "text" };
import sqrtGradCode from "../../kernels/elementwise/sqrt_grad.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { track } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mapElements } from "./elementwise_unary.ts";
import { requireFloat } from "./require_dtype.ts";

const sqrtKernel = new Kernel("sqrt", sqrtCode);
const sqrtGradKernel = new Kernel("sqrt_grad", sqrtGradCode);

/**
 * Square root, element by element; its gradient at 0 is infinite. PyTorch: `torch.sqrt`.
 *
 * @throws TypeError unless `x` is float32.
 */
export function sqrt(x: Tensor): Tensor {
  requireFloat("sqrt", x);
  const y = mapElements(sqrtKernel, "y", { x });
  return track("sqrt", [x], y, (dy) => [mapElements(sqrtGradKernel, "dx", { y, dy })]);
}
