import { relu } from "../ops/unary.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** `max(x, 0)`. PyTorch: `torch.nn.ReLU`. */
export class ReLU extends Module {
  /** Any shape. */
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}
