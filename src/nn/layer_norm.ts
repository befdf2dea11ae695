import type { Gpu } from "../gpu/gpu.ts";
import { layerNorm } from "../ops/norm/layer_norm.ts";
import { ones, zeros } from "../tensor/create.ts";
import { checkOptions } from "../options.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { pythonBool, pythonFloat } from "./module_text.ts";
import { Parameter } from "./parameter.ts";

/** Options of {@linkcode LayerNorm}. */
export interface LayerNormModuleOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Whether there is a weight, and a bias unless that is turned off. Default true. */
  elementwiseAffine?: boolean;
  /** Default true. */
  bias?: boolean;
  /** Default: the device of `init()`. */
  device?: Gpu;
}

/** Normalisation over the last dimensions of each sample. PyTorch: `torch.nn.LayerNorm`. */
export class LayerNorm extends Module {
  /** Of the normalised shape, 1 at first; or null. */
  readonly weight: Tensor | null;
  /** Of the normalised shape, 0 at first; or null. */
  readonly bias: Tensor | null;
  readonly #shape: Shape;
  readonly #eps: number;

  /** `normalizedShape`: sizes of the last dimensions, or the size of the last. */
  constructor(normalizedShape: number | Shape, options: LayerNormModuleOptions = {}) {
    super();
    checkOptions<LayerNormModuleOptions>("LayerNorm()", options, {
      ...{ eps: true, elementwiseAffine: true, bias: true, device: true },
    });
    const { eps = 1e-5, elementwiseAffine = true, bias = true, device } = options;
    this.#shape = typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape;
    this.#eps = eps;
    this.weight = elementwiseAffine ? new Parameter(ones(this.#shape, { device })) : null;
    this.bias = elementwiseAffine && bias ? new Parameter(zeros(this.#shape, { device })) : null;
  }

  /** [..., ...normalizedShape], the same shape. */
  forward(x: Tensor): Tensor {
    return layerNorm(x, this.#shape, { weight: this.weight, bias: this.bias, eps: this.#eps });
  }

  /** As PyTorch's. */
  override extraRepr(): string {
    const shape = this.#shape.length === 1 ? `(${this.#shape},)` : `(${this.#shape.join(", ")})`;
    const affine = pythonBool(this.weight !== null);
    const bias = pythonBool(this.bias !== null);
    return `${shape}, eps=${pythonFloat(this.#eps)}, elementwise_affine=${affine}, bias=${bias}`;
  }
}
