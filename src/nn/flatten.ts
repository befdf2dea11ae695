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

  /** [N, ...] to [N, rest] with the default. */
  forward(x: Tensor): Tensor {
    return x.flatten(this.#startDim);
  }
}
