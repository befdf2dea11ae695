import { Conv2d } from "../../nn/conv2d.ts";

/** A convolution without bias that keeps the size at stride 1, initialised as PyTorch does by default. */
export function plainConv(
  inChannels: number,
  outChannels: number,
  kernelSize: number,
  { stride = 1, groups = 1 }: { stride?: number; groups?: number } = {},
): Conv2d {
  const padding = Math.floor(kernelSize / 2);
  return new Conv2d(inChannels, outChannels, { kernelSize, stride, padding, groups, bias: false });
}
