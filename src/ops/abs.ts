import absCode from "../../kernels/elementwise/abs.wgsl" with { type: "text" };
import absGradCode from "../../kernels/elementwise/abs_grad.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { track } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mapElements } from "./elementwise_unary.ts";
import { requireFloat } from "./require_dtype.ts";

const absKernel = new Kernel("abs", absCode);
const absGradKernel = new Kernel("abs_grad", absGradCode);

/**
 * `|x|`, element by element; its gradient at 0 is 0. PyTorch: `torch.abs`.
 *
 * @throws TypeError unless `x` is float32.
 */
export function abs(x: Tensor): Tensor {
  requireFloat("abs", x);
  const y = mapElements(absKernel, "y", { x });
  return track("abs", [x], y, (dy) => [mapElements(absGradKernel, "dx", { x, dy })]);
}
