import { Conv2d } from "../../nn/conv2d.ts";
import { kaimingNormal } from "../../nn/init.ts";

/** A convolution without bias that keeps the size at stride 1, initialised as the authors' models are. */
export function kaimingConv(
  inChannels: number,
  outChannels: number,
  kernelSize: number,
  stride: number,
): Conv2d {
  const padding = Math.floor(kernelSize / 2);
  const conv = new Conv2d(inChannels, outChannels, { kernelSize, stride, padding, bias: false });
  const { weight } = conv;
  weight.copy_(kaimingNormal(weight.shape, { mode: "fan_out", nonlinearity: "relu" }));
  return conv;
}
