import code from "../../../kernels/pool/max_pool2d.wgsl" with { type: "text" };
import gradCode from "../../../kernels/pool/max_pool2d_grad.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { gradEnabled, track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import { checkOptions } from "../../options.ts";
import { requireFloats } from "../require_dtype.ts";
import { loopBounds, POOL_OPTIONS, poolGeometry, poolGrid, type PoolOptions } from "./geometry.ts";

export type { PoolOptions };

const maxPoolKernel = new Kernel("max_pool2d", code);
const maxPoolGradKernel = new Kernel("max_pool2d_grad", gradCode);

/**
 * Largest element of every window; the first of equals gets the gradient. Windows may overlap.
 * PyTorch: `torch.nn.functional.max_pool2d`.
 *
 * @param x float32 or float16 [N, C, H, W]
 * @returns [N, C, H', W'], H' = floor((H + 2 padding - kernelSize) / stride) + 1
 * @throws RangeError when shape and options do not fit, TypeError for integers.
 */
export function maxPool2d(x: Tensor, options: PoolOptions): Tensor {
  checkOptions<PoolOptions>("maxPool2d()", options, POOL_OPTIONS);
  requireFloats("maxPool2d", x);
  const g = poolGeometry("maxPool2d", x.shape, options);
  const shape = [x.shape[0], x.shape[1], g.outHeight, g.outWidth];
  const y = Tensor.result(x.gpu, shape, x.dtype);
  const E = wgslFloat(x.dtype);
  const where = gradEnabled() && x.requiresGrad ? Tensor.result(x.gpu, shape, "uint32") : null;
  x.gpu.dispatch(maxPoolKernel, {
    bindings: {
      x,
      y,
      where_: where,
    },
    params: { ...g },
    values: { ...loopBounds(g), WHERE: Number(where !== null), E },
    workgroups: poolGrid(x.gpu, g.planes, g.outHeight, g.outWidth),
  });
  return track(["max_pool2d", options], [x], y, (dy) => {
    const dx = Tensor.result(x.gpu, x.shape, x.dtype);
    x.gpu.dispatch(maxPoolGradKernel, {
      bindings: { dy, where_: where!, dx },
      params: { ...g },
      values: { ...loopBounds(g), E },
      workgroups: poolGrid(x.gpu, g.planes, g.height, g.width),
    });
    return [dx];
  }, where ? [where] : []);
}
