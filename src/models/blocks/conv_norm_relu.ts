import { BatchNorm2d, type BatchNormEpilogue } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import { Module } from "../../nn/module.ts";
import { relu } from "../../ops/elementwise/unary.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { PreactOutput } from "./stage.ts";

/**
 * Convolutions, each followed by batch normalisation and ReLU in one pass. In the state dict it is a PyTorch
 * `Sequential` of the three layers each: 0, 1 and 3, 4 and 6, 7.
 */
export class ConvNormRelu extends Module {
  readonly #units: readonly { conv: Conv2d; norm: BatchNorm2d }[];

  /** Convolutions, first to last; each must take the channels of the one before. */
  constructor(...convolutions: readonly Conv2d[]) {
    super();
    this.#units = convolutions.map((conv) => ({
      conv,
      norm: new BatchNorm2d(conv.weight.shape[0]),
    }));
  }

  /** The last batch normalisation. */
  get lastNorm(): BatchNorm2d {
    return this.#units.at(-1)!.norm;
  }

  /** Convolutions and norms by their index. */
  override *namedChildren(): Iterable<[string, Module]> {
    for (const [i, { conv, norm }] of this.#units.entries()) {
      yield [String(3 * i), conv];
      yield [String(3 * i + 1), norm];
    }
  }

  /** `last`: what follows the last normalisation. Default ReLU. */
  forward(x: Tensor, last: BatchNormEpilogue = { relu: true }): Tensor {
    for (const [i, { conv, norm }] of this.#units.entries()) {
      x = norm.forward(conv.forward(x), i < this.#units.length - 1 ? { relu: true } : last);
    }
    return x;
  }

  /** The output behind and before its last ReLU. */
  forwardWithPreact(x: Tensor): PreactOutput {
    const preact = this.forward(x, {});
    return { output: relu(preact), preact };
  }
}
