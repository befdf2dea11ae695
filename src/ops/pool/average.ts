import code from "../../../kernels/pool/avg_pool2d.wgsl" with { type: "text" };
import gradCode from "../../../kernels/pool/avg_pool2d_grad.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import { loopBounds, type PoolGeometry, poolGrid } from "./geometry.ts";

const avgPoolKernel = new Kernel("avg_pool2d", code);
const avgPoolGradKernel = new Kernel("avg_pool2d_grad", gradCode);

/** Sizes of windows that are all alike. */
interface EvenWindows extends Omit<PoolGeometry, "planes"> {
  /** 1 when padding counts as zeros, else 0. */
  readonly wholeWindow: number;
}

/** Means over windows of `x` [N, C, H, W], on the tape; adaptive windows when only the size is given. */
export function averageWindows(
  name: string,
  x: Tensor,
  windows: EvenWindows | { readonly outHeight: number; readonly outWidth: number },
  ceilMode = false,
): Tensor {
  const [images, channels, height, width] = x.shape;
  const { outHeight, outWidth } = windows;
  const planes = images * channels;
  const shared = {
    params: { ...windows, planes, height, width },
    values: {
      ...("kernelY" in windows ? { ADAPTIVE: 0, ...loopBounds(windows) } : { ADAPTIVE: 1 }),
      E: wgslFloat(x.dtype),
      CEIL: Number(ceilMode),
    },
  };
  const y = Tensor.result(x.gpu, [images, channels, outHeight, outWidth], x.dtype);
  x.gpu.dispatch(avgPoolKernel, {
    ...shared,
    bindings: { x, y },
    workgroups: poolGrid(x.gpu, planes, outHeight, outWidth),
  });
  return track([name, { ...windows, ceilMode }], [x], y, (dy) => {
    const dx = Tensor.result(x.gpu, x.shape, x.dtype);
    x.gpu.dispatch(avgPoolGradKernel, {
      ...shared,
      bindings: { dy, dx },
      workgroups: poolGrid(x.gpu, planes, height, width),
    });
    return [dx];
  });
}
