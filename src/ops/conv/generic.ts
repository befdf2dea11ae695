import code from "../../../kernels/conv/conv2d_generic.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import { linearGrid } from "../grid.ts";
import { sumPartials } from "../reduce/sum_partials.ts";
import { type ConvEnding, endingBindings, NO_ENDING } from "./ending.ts";
import { type ConvGeometry, weightShape } from "./geometry.ts";

const genericKernel = new Kernel("conv2d_generic", code);

/** Forward convolution of any kind, one output a thread. */
export function convForwardGeneric(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  g: ConvGeometry,
  ending: ConvEnding = NO_ENDING,
): Tensor {
  const y = Tensor.result(x.gpu, [g.images, g.outChannels, g.outHeight, g.outWidth], x.dtype);
  run(0, { x, w: weight, y }, bias, y.numel, 1, g, ending);
  return y;
}

/** Input gradient of any convolution, one element a thread. */
export function convInputGradGeneric(
  dy: Tensor,
  weight: Tensor,
  g: ConvGeometry,
  bias: Tensor | null = null,
): Tensor {
  const dx = Tensor.result(dy.gpu, [g.images, g.inChannels, g.height, g.width], dy.dtype);
  run(1, { x: dx, w: weight, y: dy }, bias, dx.numel, 1, g);
  return dx;
}

/** Weight gradient of any convolution: one element a thread for each split of the images. */
export function convWeightGradGeneric(x: Tensor, dy: Tensor, g: ConvGeometry): Tensor {
  const shape = weightShape(g);
  const count = shape[0] * shape[1] * shape[2] * shape[3];
  const splits = Math.min(g.images, Math.max(1, Math.ceil(8192 / count)));
  const partials = Tensor.result(x.gpu, [splits, count]);
  run(2, { x, w: partials, y: dy }, null, splits * count, splits, g);
  return sumPartials(partials, shape);
}

function run(
  mode: 0 | 1 | 2,
  tensors: { x: Tensor; w: Tensor; y: Tensor },
  bias: Tensor | null,
  total: number,
  splits: number,
  g: ConvGeometry,
  ending: ConvEnding = NO_ENDING,
): void {
  const { x, w, y } = tensors;
  // What may be bound unread is what the kernel reads anyway.
  const { bindings, epilogue } = endingBindings(mode === 1 ? y : x, bias, ending);
  x.gpu.dispatch(genericKernel, {
    bindings: { x, w, y, ...bindings },
    params: { total, splits, ...g, epilogue },
    values: { MODE: mode, E: wgslFloat(x.dtype) },
    workgroups: linearGrid(Math.ceil(total / 64)),
  });
}
