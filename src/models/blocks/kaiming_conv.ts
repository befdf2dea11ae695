import { Conv2d } from "../../nn/conv2d.ts";
import { kaimingNormal } from "../../nn/init.ts";

/** Options of {@linkcode kaimingConv}. */
export interface KaimingConvOptions {
  /** Default 1. */
  stride?: number;
  /** Default 1. */
  groups?: number;
  /** A bias of zeros at first. Default false. */
  bias?: boolean;
}

/**
 * A convolution that keeps the size at stride 1, initialised as most of the authors' models are: Kaiming normal, fan
 * out, which is also their `normal(0, sqrt(2 / (k * k * out)))`.
 */
export function kaimingConv(
  inChannels: number,
  outChannels: number,
  kernelSize: number,
  { stride = 1, groups = 1, bias = false }: KaimingConvOptions = {},
): Conv2d {
  const padding = Math.floor(kernelSize / 2);
  const conv = new Conv2d(inChannels, outChannels, { kernelSize, stride, padding, groups, bias });
  const { weight } = conv;
  weight.copy_(kaimingNormal(weight.shape, { mode: "fan_out", nonlinearity: "relu" }));
  conv.bias?.copy_(new Float32Array(outChannels));
  return conv;
}
