import type { Gpu } from "../gpu/gpu.ts";
import { tensor, type TensorData } from "../tensor/create.ts";
import { checkOptions } from "../options.ts";
import type { Shape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Options of {@linkcode Parameter}. */
export interface ParameterOptions {
  /** Sizes, for a typed array. Default: the nesting of the data. */
  shape?: Shape;
  /** False for one that is frozen. Default true. */
  requiresGrad?: boolean;
  /** Default: the device of `init()`. */
  device?: Gpu;
}

/** Makes parameters; with or without `new`. */
export interface ParameterConstructor {
  /** A parameter of numbers, or with the contents of a tensor. */
  new (data: TensorData | Tensor, options?: ParameterOptions): Tensor;
  /** The same. */
  (data: TensorData | Tensor, options?: ParameterOptions): Tensor;
}

/**
 * A tensor that a field of a module holds to be trained: it wants gradients, and lives until `dispose()` whatever scope it
 * is made in. A tensor that is given is not copied, but must not be used beside it. PyTorch: `torch.nn.Parameter`.
 *
 * @throws TypeError for integers or unknown options, Error for a tensor on the tape.
 */
export const Parameter: ParameterConstructor = function (
  data: TensorData | Tensor,
  options: ParameterOptions = {},
): Tensor {
  checkOptions<ParameterOptions>("Parameter()", options, {
    ...{ shape: true, requiresGrad: true, device: true },
  });
  const { shape, requiresGrad = true, device } = options;
  const parameter = data instanceof Tensor ? data : tensor(data, shape, { device });
  parameter.requiresGrad = requiresGrad;
  return parameter.keep();
} as ParameterConstructor;
