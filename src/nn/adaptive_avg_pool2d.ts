import { adaptiveAvgPool2d } from "../ops/adaptive_avg_pool2d.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { pythonSize } from "./module_text.ts";

/** Averages of [N, C, H, W] over a grid of windows. PyTorch: `torch.nn.AdaptiveAvgPool2d`. */
export class AdaptiveAvgPool2d extends Module {
  readonly #outputSize: number | [number, number];

  /** `outputSize`: a number for both directions, or `[vertical, horizontal]`. */
  constructor(outputSize: number | [number, number]) {
    super();
    this.#outputSize = outputSize;
  }

  /** As PyTorch's. */
  override extraRepr(): string {
    return `output_size=${pythonSize(this.#outputSize)}`;
  }

  /** [N, C, H, W] to [N, C, ...outputSize]. */
  forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.#outputSize);
  }
}
