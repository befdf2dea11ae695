import { adaptiveAvgPool2d } from "../ops/pool/adaptive_avg_pool2d.ts";
import { avgPool2d, type AvgPoolOptions } from "../ops/pool/avg_pool2d.ts";
import { POOL_OPTIONS, type PoolOptions } from "../ops/pool/geometry.ts";
import { maxPool2d } from "../ops/pool/max_pool2d.ts";
import { checkOptions } from "../options.ts";
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
