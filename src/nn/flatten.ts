import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** All dimensions from `startDim` (default 1) as one. PyTorch: `torch.nn.Flatten`. */
export class Flatten extends Module {
  readonly #startDim: number;

  /** Negative dimensions count from the end. */
  constructor(startDim = 1) {
    super();
    this.#startDim = startDim;
  }

  /** As PyTorch's. */
  override extraRepr(): string {
    return `start_dim=${this.#startDim}, end_dim=-1`;
  }

  /** [N, ...] to [N, rest] with the default. */
  forward(x: Tensor): Tensor {
    return x.flatten(this.#startDim);
  }
}

/** Its input. PyTorch: `torch.nn.Identity`. */
export class Identity extends Module {
  /** Any shape. */
  forward(x: Tensor): Tensor {
    return x;
  }
}
