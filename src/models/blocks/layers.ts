import { Conv2d } from "../../nn/conv2d.ts";
import { kaimingNormal, normal } from "../../nn/init.ts";
import { Linear } from "../../nn/linear.ts";

/** Options of {@linkcode kaimingConv}. */
interface KaimingConvOptions {
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

/** A classifier with PyTorch's default weights and a bias of zeros. */
export function zeroBiasLinear(inFeatures: number, numClasses: number): Linear {
  const linear = new Linear(inFeatures, numClasses);
  linear.bias!.copy_(new Float32Array(numClasses));
  return linear;
}

/** A classifier with normal weights, deviation 0.01, and a bias of zeros. */
export function smallLinear(inFeatures: number, numClasses: number): Linear {
  const linear = zeroBiasLinear(inFeatures, numClasses);
  linear.weight.copy_(normal(linear.weight.shape, 0, 0.01));
  return linear;
}
