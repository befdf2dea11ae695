import { gelu, type GeluOptions, relu, silu, tanh } from "../ops/elementwise/unary.ts";
import { checkOptions } from "../options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** `max(x, 0)`. PyTorch: `torch.nn.ReLU`. */
export class ReLU extends Module {
  /** Any shape. */
  forward(x: Tensor): Tensor {
    return x.deferral?.join("relu", []) ?? relu(x);
  }
}

/** `x Phi(x)` with the standard normal distribution Phi. PyTorch: `torch.nn.GELU`. */
export class GELU extends Module {
  readonly #options: GeluOptions;

  /** `approximate` is `none` (default) or `tanh`. */
  constructor(options: GeluOptions = {}) {
    super();
    checkOptions<GeluOptions>("GELU()", options, { approximate: true });
    this.#options = options;
  }

  /** Any shape. */
  forward(x: Tensor): Tensor {
    return gelu(x, this.#options);
  }

  /** As PyTorch's. */
  override extraRepr(): string {
    return `approximate='${this.#options.approximate ?? "none"}'`;
  }
}

/** `x / (1 + exp(-x))`. PyTorch: `torch.nn.SiLU`. */
export class SiLU extends Module {
  /** Any shape. */
  forward(x: Tensor): Tensor {
    return silu(x);
  }
}

/** Hyperbolic tangent. PyTorch: `torch.nn.Tanh`. */
export class Tanh extends Module {
  /** Any shape. */
  forward(x: Tensor): Tensor {
    return tanh(x);
  }
}
