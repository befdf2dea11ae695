import { avgPool2d, type AvgPoolOptions } from "../ops/avg_pool2d.ts";
import { POOL_OPTIONS } from "../ops/pool/geometry.ts";
import { checkOptions } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { pythonSize } from "./module_text.ts";

/** Pooling over windows of [N, C, H, W]. PyTorch: `torch.nn.AvgPool2d`. */
export class AvgPool2d extends Module {
  readonly #options: AvgPoolOptions;

  /** Windows as in `avgPool2d`. */
  constructor(options: AvgPoolOptions) {
    super();
    checkOptions<AvgPoolOptions>("AvgPool2d()", options, {
      ...POOL_OPTIONS,
      countIncludePad: true,
    });
    this.#options = options;
  }

  /** As PyTorch's. */
  override extraRepr(): string {
    const { kernelSize, stride = kernelSize, padding = 0 } = this.#options;
    return `kernel_size=${pythonSize(kernelSize)}, stride=${pythonSize(stride)}, ` +
      `padding=${pythonSize(padding)}`;
  }

  /** [N, C, H, W] to [N, C, H', W']. */
  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.#options);
  }
}
