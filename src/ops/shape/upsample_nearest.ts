import upsampleCode from "../../../kernels/index/upsample_nearest.wgsl" with { type: "text" };
import upsampleGradCode from "../../../kernels/index/upsample_nearest_grad.wgsl" with {
  type: "text",
};
import { Kernel } from "../../gpu/kernel.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import { formatShape } from "../../tensor/shape.ts";
import { linearGrid } from "../grid.ts";
import { requireFloats } from "../require_dtype.ts";

const upsampleKernel = new Kernel("upsample_nearest", upsampleCode);
const upsampleGradKernel = new Kernel("upsample_nearest_grad", upsampleGradCode);

/**
 * Repeats every element of the last two dimensions `scale` times along both. PyTorch:
 * `torch.nn.functional.interpolate(x, scale_factor=scale, mode="nearest")`.
 *
 * @param x [N, C, H, W].
 * @param scale a whole number from 1.
 * @returns [N, C, H scale, W scale].
 * @throws RangeError for another shape or scale; TypeError unless `x` is float32 or float16.
 */
export function upsampleNearest(x: Tensor, scale: number): Tensor {
  requireFloats("upsampleNearest", x);
  if (x.ndim !== 4 || !Number.isInteger(scale) || scale < 1) {
    throw new RangeError(
      `upsampleNearest() of shape ${
        formatShape(x.shape)
      } by ${scale}; wanted are [N, C, H, W] and a ` +
        "whole number from 1",
    );
  }
  const [n, c, height, width] = x.shape;
  const y = Tensor.result(x.gpu, [n, c, height * scale, width * scale], x.dtype);
  const values = { E: wgslFloat(x.dtype) };
  x.gpu.dispatch(upsampleKernel, {
    bindings: { x, y },
    params: { width, scale },
    values,
    workgroups: linearGrid(Math.ceil(y.numel / 256)),
  });
  return track(["upsample_nearest", { scale }], [x], y, (dy) => {
    const dx = Tensor.result(x.gpu, x.shape, x.dtype);
    x.gpu.dispatch(upsampleGradKernel, {
      bindings: { dy, dx },
      params: { width, scale, total: x.numel },
      values,
      workgroups: linearGrid(Math.ceil(x.numel / 64)),
    });
    return [dx];
  });
}
