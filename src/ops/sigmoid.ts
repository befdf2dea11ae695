import sigmoidCode from "../../kernels/elementwise/sigmoid.wgsl" with { type: "text" };
import sigmoidGradCode from "../../kernels/elementwise/sigmoid_grad.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { track } from "../tensor/autograd.ts";
import { autocastInput } from "../tensor/autocast.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mapElements } from "./elementwise_unary.ts";
import { requireFloat } from "./require_dtype.ts";

const sigmoidKernel = new Kernel("sigmoid", sigmoidCode);
const sigmoidGradKernel = new Kernel("sigmoid_grad", sigmoidGradCode);

/**
 * `1 / (1 + exp(-x))`, element by element. PyTorch: `torch.sigmoid`.
 *
 * @throws TypeError unless `x` is float32, or autocast is at work.
 */
export function sigmoid(x: Tensor): Tensor {
  x = autocastInput("sigmoid", x);
  requireFloat("sigmoid", x);
  const y = mapElements(sigmoidKernel, "y", { x });
  return track("sigmoid", [x], y, (dy) => [mapElements(sigmoidGradKernel, "dx", { y, dy })]);
}
