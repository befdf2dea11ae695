import { dropout } from "../ops/elementwise/dropout.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/**
 * Zeroes elements with probability `p` when training. PyTorch: `torch.nn.Dropout`.
 *
 * The mask follows from `seed`, a uint32 tensor of one element on the device: write another number
 * into it before each step, so that replayed steps draw other masks.
 */
export class Dropout extends Module {
  readonly #p: number;
  readonly #seed: Tensor;

  /** `p`: probability of a zero, 0 to 1; `seed`: uint32 of one element. */
  constructor(p: number, seed: Tensor) {
    super();
    this.#p = p;
    this.#seed = seed;
  }

  /** The probability. */
  override extraRepr(): string {
    return `p=${this.#p}`;
  }

  /** Any shape; `x` itself in eval mode. */
  forward(x: Tensor): Tensor {
    return dropout(x, this.#p, this.#seed, this.training);
  }
}
