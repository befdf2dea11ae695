import logCode from "../../kernels/elementwise/log.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { autocastInput } from "../tensor/autocast.ts";
import { track } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { binary } from "./elementwise_binary.ts";
import { mapElements } from "./elementwise_unary.ts";
import { requireFloat } from "./require_dtype.ts";

const logKernel = new Kernel("log", logCode);

/**
 * Natural logarithm, element by element; NaN below 0. PyTorch: `torch.log`.
 *
 * @throws TypeError unless `x` is float32.
 */
export function log(x: Tensor): Tensor {
  x = autocastInput("log", x);
  requireFloat("log", x);
  const y = mapElements(logKernel, "y", { x });
  return track("log", [x], y, (dy) => [binary("/", dy, x)]);
}
