import { upsampleNearest } from "../ops/shape/upsample_nearest.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { pythonFloat } from "./module_text.ts";

/** Nearest up-sampling of [N, C, H, W] by a whole factor. PyTorch: `torch.nn.Upsample`. */
export class Upsample extends Module {
  readonly #scaleFactor: number;

  /** `scaleFactor`: a whole number from 1. */
  constructor(scaleFactor: number) {
    super();
    this.#scaleFactor = scaleFactor;
  }

  /** As PyTorch's. */
  override extraRepr(): string {
    return `scale_factor=${pythonFloat(this.#scaleFactor)}, mode='nearest'`;
  }

  /** [N, C, H, W] to [N, C, H scale, W scale]. */
  forward(x: Tensor): Tensor {
    return upsampleNearest(x, this.#scaleFactor);
  }
}
