import { autocastInput } from "../../tensor/autocast.ts";
import { track } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/core.ts";
import type { FloatType } from "../../tensor/dtype.ts";
import { formatShape } from "../../tensor/shape.ts";
import { cast, roundElements } from "../elementwise/cast.ts";
import { sum } from "../reduce/sum.ts";
import { requireFloat, requireFloats } from "../require_dtype.ts";
import { takeAs } from "../take_as.ts";
import { product } from "./product.ts";

/**
 * `x * weight transposed + bias`. PyTorch: `torch.nn.functional.linear`.
 *
 * @param x float32, or float16, which multiplies the weight rounded to float16; [..., in]
 * @param weight float32 [out, in]
 * @param bias [out], or null
 * @returns [..., out]
 * @throws RangeError when the shapes do not fit, TypeError for integers.
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  x = autocastInput("linear", x);
  if (x.dtype !== "float16") return multiplied(x, weight, bias);
  requireFloat("linear", weight);
  const rounded = track("round", [weight], roundElements(weight), (dy) => [dy]);
  if (!x.gpu.software) return multiplied(x, rounded, bias);
  // The kernel of software adapters knows float32 alone.
  return cast(multiplied(cast(x, "float32"), rounded, bias), "float16");
}

/** The product, in the type of `x`. */
function multiplied(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  requireFloats("linear", x);
  requireFloat("linear", weight, ...(bias ? [bias] : []));
  const [outputs, inputs] = weight.shape;
  if (weight.ndim !== 2 || x.ndim < 1 || x.shape[x.ndim - 1] !== inputs) {
    throw new RangeError(
      `linear() of ${formatShape(x.shape)} with a weight of shape ${formatShape(weight.shape)}: ` +
        `[..., in] and [out, in] wanted`,
    );
  }
  if (bias && (bias.ndim !== 1 || bias.numel !== outputs)) {
    throw new RangeError(
      `linear() with a bias of shape ${formatShape(bias.shape)}: [${outputs}] wanted`,
    );
  }
  const rows = x.numel / inputs;
  const flat = x.alias([rows, inputs]);
  const dtype = x.dtype as FloatType;
  const y = takeAs(product(flat, weight, { transposeB: true, bias, dtype }), [
    ...x.shape.slice(0, -1),
    outputs,
  ]);
  flat.dispose();
  return track("linear", bias ? [x, weight, bias] : [x, weight], y, (dy) => {
    const rowsOfX = x.alias([rows, inputs]);
    const rowsOfY = dy.alias([rows, outputs]);
    const gradients = [
      x.requiresGrad ? takeAs(product(rowsOfY, weight, { dtype }), x.shape) : null,
      weight.requiresGrad ? product(rowsOfY, rowsOfX, { transposeA: true }) : null,
      ...(bias ? [bias.requiresGrad ? sum(rowsOfY, { dims: 0, dtype: "float32" }) : null] : []),
    ];
    rowsOfX.dispose();
    rowsOfY.dispose();
    return gradients;
  });
}
