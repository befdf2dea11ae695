import code from "../../../kernels/elementwise/unary.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { autocastByName } from "../../tensor/autocast.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import type { GeluOptions } from "../../tensor/op_options.ts";
import { elementwiseGrid } from "../grid.ts";
import { requireFloats } from "../require_dtype.ts";

export type { GeluOptions } from "../../tensor/op_options.ts";

/** A function of one tensor, element by element. Throws TypeError unless that is float32 or float16. */
export type UnaryOp = (x: Tensor) => Tensor;

type Params = Readonly<Record<string, number>>;

// The ops, one a line: name, y as an expression of x, and dx as one of dy and x or y. Expressions are WGSL over vec4f and
// may call what kernels/elementwise/unary.wgsl defines. All take float32 and float16, and compute in float32.

/** `|x|`, element by element; its gradient at 0 is 0. PyTorch: `torch.abs`. */
export const abs: UnaryOp = unary("abs", "abs(x)", "dy * sign(x)");

/** `e^x`, element by element. PyTorch: `torch.exp`. */
export const exp: UnaryOp = unary("exp", "exp(x)", "dy * y");

/** Natural logarithm, element by element; NaN below 0. PyTorch: `torch.log`. */
export const log: UnaryOp = unary("log", "log(x)", "dy / x");

/** `max(x, 0)`, element by element; its gradient at 0 is 0. PyTorch: `torch.relu`. */
export const relu: UnaryOp = unary("relu", "rectified(x)", "blocked(dy, y, 0.0, 0.0)");

/** `min(max(x, 0), 6)`, element by element; its gradient at 0 and 6 is 0. PyTorch: `torch.nn.functional.relu6`. */
export const relu6: UnaryOp = unary("relu6", "bounded(x, 0.0, 6.0)", "blocked(dy, y, 0.0, 6.0)");

/** `1 / (1 + exp(-x))`, element by element. PyTorch: `torch.sigmoid`. */
export const sigmoid: UnaryOp = unary("sigmoid", "logistic(x)", "dy * y * (1.0 - y)");

/** `x / (1 + exp(-x))`, element by element. PyTorch: `torch.nn.functional.silu`. */
export const silu: UnaryOp = unary(
  "silu",
  "x * logistic(x)",
  "dy * logistic(x) * (1.0 + x * (1.0 - logistic(x)))",
);

/** Square root, element by element; its gradient at 0 is infinite. PyTorch: `torch.sqrt`. */
export const sqrt: UnaryOp = unary("sqrt", "sqrt(x)", "0.5 * dy / y");

/** Hyperbolic tangent, element by element. PyTorch: `torch.tanh`. */
export const tanh: UnaryOp = unary("tanh", "tangent(x)", "dy * (1.0 - y * y)");

const geluExact: UnaryOp = unary(
  "gelu",
  "x * normalCdf(x)",
  "dy * (normalCdf(x) + x * 0.3989422804014327 * gauss(x))",
);

const geluTanh: UnaryOp = unary(
  "gelu_tanh",
  "x * logistic(2.0 * bent(x))",
  "dy * logistic(2.0 * bent(x)) * (1.0 + 2.0 * x * (1.0 - logistic(2.0 * bent(x))) * bentSlope(x))",
);

/**
 * `x Phi(x)` with the standard normal distribution Phi, element by element. PyTorch: `torch.nn.functional.gelu`.
 *
 * @throws TypeError unless `x` is float32 or float16; RangeError for another approximation.
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  const { approximate = "none" } = options;
  if (approximate === "tanh") return geluTanh(x);
  if (approximate === "none") return geluExact(x);
  throw new RangeError(`gelu() with approximate: ${approximate}; "none" or "tanh" wanted`);
}

const clamped = parametric(
  "clamp",
  "bounded(x, params.low, params.high)",
  "inside(dy, x, params.low, params.high)",
  ["low", "high"],
);

/**
 * `min(max(x, low), high)`, element by element; the gradient passes between the bounds, not at them.
 * PyTorch: `torch.clamp` (before 2.15 the gradient passed at the bounds, too).
 *
 * @param low default: no lower bound.
 * @param high default: no upper bound.
 * @throws TypeError unless `x` is float32 or float16; RangeError unless `low <= high`.
 */
export function clamp(x: Tensor, low: number = -Infinity, high: number = Infinity): Tensor {
  if (!(low <= high)) throw new RangeError(`clamp() to [${low}, ${high}]: the bounds are swapped`);
  return clamped(x, { low, high });
}

/** An op of the table. */
function unary(name: string, forward: string, backward: string): UnaryOp {
  return parametric(name, forward, backward, []) as UnaryOp;
}

/** An op whose expressions also know numbers, as `params.NAME`. */
export function parametric(
  name: string,
  forward: string,
  backward: string,
  params: readonly string[],
): (x: Tensor, params: Params) => Tensor {
  const forwardKernel = expressionKernel(name, forward, params);
  const backwardKernel = expressionKernel(`${name}_grad`, backward, params);
  return (x, params) => {
    x = autocastByName(name, x);
    requireFloats(name, x);
    const y = run(forwardKernel, x, { x }, params);
    return track([name, params], [x], y, (dy) => [run(backwardKernel, x, { x, y, dy }, params)]);
  };
}

function expressionKernel(name: string, expression: string, params: readonly string[]): Kernel {
  const reads = (operand: string) => Number(new RegExp(`\\b${operand}\\b`).test(expression));
  return new Kernel(name, code, {
    EXPRESSION: expression,
    X: reads("x"),
    Y: reads("y"),
    DY: reads("dy"),
    PARAMS: params.map((name) => `${name}: f32`).join(", "),
  });
}

function run(
  kernel: Kernel,
  { gpu, shape, dtype, numel }: Tensor,
  operands: { x?: Tensor; y?: Tensor; dy?: Tensor },
  params: Params,
): Tensor {
  const result = Tensor.result(gpu, shape, dtype);
  const { x, y, dy } = operands;
  gpu.dispatch(kernel, {
    bindings: { x_: x, y_: y, dy_: dy, result },
    params,
    values: { E: wgslFloat(dtype) },
    workgroups: elementwiseGrid(numel),
  });
  return result;
}
