import code from "../../../kernels/reduce/sum_channels.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import { sum } from "./sum.ts";

const kernel = new Kernel("sum_channels", code);

/** Elements of a channel up to which one workgroup sums it; more of them are cut into parts. */
const LONGEST = 2 ** 18;

/**
 * Sums of the channels of [N, C, H, W], float32 [C], off the tape: the gradient of a convolution's bias.
 *
 * @param tree insists on the kernel for discrete GPUs, or on none; for tests
 */
export function sumChannels(x: Tensor, tree?: boolean): Tensor {
  const [images, channels, height, width] = x.shape;
  const plane = height * width;
  if (!(tree ?? (!x.gpu.software && images * plane <= LONGEST))) {
    return sum(x, { dims: [0, 2, 3], dtype: "float32" });
  }
  const y = Tensor.result(x.gpu, [channels]);
  x.gpu.dispatch(kernel, {
    bindings: { x, y },
    params: { images, channels, plane },
    values: { E: wgslFloat(x.dtype) },
    workgroups: [channels],
  });
  return y;
}
