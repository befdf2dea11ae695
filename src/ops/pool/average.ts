import gradCode from "../../../kernels/pool/avg_pool2d_grad.wgsl" with { type: "text" };
import code from "../../../kernels/pool/avg_pool2d.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { poolGrid } from "./geometry.ts";

const avgPoolKernel = new Kernel("avg_pool2d", code);
const avgPoolGradKernel = new Kernel("avg_pool2d_grad", gradCode);

/**
 * Means over windows of `x` [N, C, H, W], on the tape.
 *
 * @param params the kernels' parameters beside the sizes; without them the windows are adaptive.
 */
export function averageWindows(
  name: string,
  x: Tensor,
  outHeight: number,
  outWidth: number,
  params?: Readonly<Record<string, number>>,
): Tensor {
  const [images, channels, height, width] = x.shape;
  const planes = images * channels;
  const shared = {
    params: { ...params, planes, height, width, outHeight, outWidth },
    values: { ADAPTIVE: Number(params === undefined) },
  };
  const y = Tensor.result(x.gpu, [images, channels, outHeight, outWidth]);
  x.gpu.dispatch(avgPoolKernel, {
    ...shared,
    bindings: { x: x.storage, y: y.storage },
    workgroups: poolGrid(planes, outHeight, outWidth),
  });
  return track(name, [x], y, (dy) => {
    const dx = Tensor.result(x.gpu, x.shape);
    x.gpu.dispatch(avgPoolGradKernel, {
      ...shared,
      bindings: { dy: dy.storage, dx: dx.storage },
      workgroups: poolGrid(planes, height, width),
    });
    return [dx];
  });
}
