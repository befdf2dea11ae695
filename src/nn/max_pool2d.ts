import { maxPool2d } from "../ops/max_pool2d.ts";
import type { PoolOptions } from "../ops/pool/geometry.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** Pooling over windows of [N, C, H, W]. PyTorch: `torch.nn.MaxPool2d`. */
export class MaxPool2d extends Module {
  readonly #options: PoolOptions;

  /** Windows as in `maxPool2d`. */
  constructor(options: PoolOptions) {
    super();
    this.#options = options;
  }

  /** [N, C, H, W] to [N, C, H', W']. */
  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.#options);
  }
}
