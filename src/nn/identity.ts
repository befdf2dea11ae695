import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** Its input. PyTorch: `torch.nn.Identity`. */
export class Identity extends Module {
  /** Any shape. */
  forward(x: Tensor): Tensor {
    return x;
  }
}
