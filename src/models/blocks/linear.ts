import { normal } from "../../nn/init.ts";
import { Linear } from "../../nn/linear.ts";

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
