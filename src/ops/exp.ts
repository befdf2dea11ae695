import expCode from "../../kernels/elementwise/exp.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { autocastInput } from "../tensor/autocast.ts";
import { track } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { binary } from "./elementwise_binary.ts";
import { mapElements } from "./elementwise_unary.ts";
import { requireFloat } from "./require_dtype.ts";

const expKernel = new Kernel("exp", expCode);

/**
 * `e^x`, element by element. PyTorch: `torch.exp`.
 *
 * @throws TypeError unless `x` is float32.
 */
export function exp(x: Tensor): Tensor {
  x = autocastInput("exp", x);
  requireFloat("exp", x);
  const y = mapElements(expKernel, "y", { x });
  return track("exp", [x], y, (dy) => [binary("*", dy, y)]);
}
