import { avgPool2d, type AvgPoolOptions } from "../ops/avg_pool2d.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** Pooling over windows of [N, C, H, W]. PyTorch: `torch.nn.AvgPool2d`. */
export class AvgPool2d extends Module {
  readonly #options: AvgPoolOptions;

  /** Windows as in `avgPool2d`. */
  constructor(options: AvgPoolOptions) {
    super();
    this.#options = options;
  }

  /** [N, C, H, W] to [N, C, H', W']. */
  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.#options);
  }
}
