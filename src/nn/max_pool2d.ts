import { maxPool2d } from "../ops/max_pool2d.ts";
import { POOL_OPTIONS, type PoolOptions } from "../ops/pool/geometry.ts";
import { checkOptions } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { pythonBool, pythonSize } from "./module_text.ts";

/** Pooling over windows of [N, C, H, W]. PyTorch: `torch.nn.MaxPool2d`. */
export class MaxPool2d extends Module {
  readonly #options: PoolOptions;

  /** Windows as in `maxPool2d`. */
  constructor(options: PoolOptions) {
    super();
    checkOptions<PoolOptions>("MaxPool2d()", options, POOL_OPTIONS);
    this.#options = options;
  }

  /** As PyTorch's. */
  override extraRepr(): string {
    const { kernelSize, stride = kernelSize, padding = 0, ceilMode = false } = this.#options;
    return `kernel_size=${pythonSize(kernelSize)}, stride=${pythonSize(stride)}, padding=${
      pythonSize(padding)
    }, ` +
      `dilation=1, ceil_mode=${pythonBool(ceilMode)}`;
  }

  /** [N, C, H, W] to [N, C, H', W']. */
  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.#options);
  }
}
