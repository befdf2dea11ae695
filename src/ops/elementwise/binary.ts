import { track } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/core.ts";
import type { Shape } from "../../tensor/shape.ts";
import { traceOp } from "../../tensor/trace.ts";
import { promote } from "./cast.ts";
import { constantNumber } from "./fill.ts";
import { PairExpression } from "./pair_expression.ts";
import { requireFloats } from "../require_dtype.ts";

/**
 * A function of two tensors that broadcast, or of a tensor and a number. Throws TypeError unless tensors are float32 or
 * float16; RangeError when the shapes do not broadcast, or take more than six dimensions to walk.
 */
export type BinaryOp = (a: Tensor, b: Tensor | number) => Tensor;

// The ops, one a line: name, y as an expression of a and b, and da and db as expressions of dy, a and b. Expressions are
// WGSL over f32 or vec4f and may call what kernels/shared/pairs.wgsl defines. All take float32 and float16, which meets
// float32 as float32, and compute in float32.

/** `a + b`, element by element; shapes broadcast. PyTorch: `torch.add`. */
export const add: BinaryOp = binary("add", "a + b", "dy", "dy");

/** `a - b`, element by element; shapes broadcast. PyTorch: `torch.sub`. */
export const sub: BinaryOp = binary("sub", "a - b", "dy", "-dy");

/** `a * b`, element by element; shapes broadcast. PyTorch: `torch.mul`. */
export const mul: BinaryOp = binary("mul", "a * b", "dy * b", "dy * a");

/** `a / b`, element by element; shapes broadcast. PyTorch: `torch.div`. */
export const div: BinaryOp = binary("div", "a / b", "dy / b", "-(dy / b * (a / b))");

/**
 * The larger of `a` and `b`, element by element; shapes broadcast. Where they are equal each gets half
 * of the gradient; where one is NaN so is the result, and each gets all of it. PyTorch: `torch.maximum`.
 */
export const maximum: BinaryOp = binary(
  "maximum",
  "larger(a, b)",
  "dy * share(a, b)",
  "dy * share(b, a)",
);

/**
 * The smaller of `a` and `b`, element by element; shapes broadcast. Where they are equal each gets half
 * of the gradient; where one is NaN so is the result, and each gets all of it. PyTorch: `torch.minimum`.
 */
export const minimum: BinaryOp = binary(
  "minimum",
  "smaller(a, b)",
  "dy * share(b, a)",
  "dy * share(a, b)",
);

/** float32 1 where `a < b`, else 0, element by element; shapes broadcast. No gradient. PyTorch: `torch.lt`. */
export const lt: BinaryOp = comparison("lt", "holds(a < b, a, b)");

/** float32 1 where `a <= b`, else 0, element by element; shapes broadcast. No gradient. PyTorch: `torch.le`. */
export const le: BinaryOp = comparison("le", "holds(a <= b, a, b)");

/** float32 1 where `a > b`, else 0, element by element; shapes broadcast. No gradient. PyTorch: `torch.gt`. */
export const gt: BinaryOp = comparison("gt", "holds(a > b, a, b)");

/** float32 1 where `a >= b`, else 0, element by element; shapes broadcast. No gradient. PyTorch: `torch.ge`. */
export const ge: BinaryOp = comparison("ge", "holds(a >= b, a, b)");

/** float32 1 where `a == b`, else 0, element by element; shapes broadcast. No gradient. PyTorch: `torch.eq`. */
export const eq: BinaryOp = comparison("eq", "holds(a == b, a, b)");

/**
 * float32 1 where `a != b` or one is NaN, else 0, element by element; shapes broadcast. No gradient.
 * PyTorch: `torch.ne`.
 */
export const ne: BinaryOp = comparison("ne", "1.0 - holds(a == b, a, b)");

/** An op of the table. */
function binary(name: string, forward: string, byA: string, byB: string): BinaryOp {
  const y = new PairExpression(name, forward);
  const da = new PairExpression(`${name}_grad_a`, byA);
  const db = new PairExpression(`${name}_grad_b`, byB);
  return (a, b) => {
    [a, b] = checked(name, a, b);
    const other = b;
    if (typeof other === "number") {
      return track([name, { b }], [a], y.of({ a, b }), (dy) => [
        byA === "dy * b" && dy.known !== null
          ? timesNumber(dy, other, a.shape)
          : da.gradient(a, { a, b, dy }),
      ]);
    }
    return track(name, [a, other], y.of({ a, b }), (dy) => [
      a.requiresGrad ? da.gradient(a, { a, b, dy }) : null,
      other.requiresGrad ? db.gradient(other, { a, b, dy }) : null,
    ]);
  };
}

/** An op of the table whose result is float32 and has no gradient. */
function comparison(name: string, forward: string): BinaryOp {
  const y = new PairExpression(name, forward);
  return (a, b) => {
    [a, b] = checked(name, a, b);
    const result = y.of({ a, b }, "float32");
    traceOp(name, typeof b === "number" ? [a] : [a, b], [result], { b });
    return result;
  };
}

function checked(name: string, a: Tensor, b: Tensor | number): [Tensor, Tensor | number] {
  if (typeof b !== "number") [a, b] = promote(a, b);
  requireFloats(name, ...(typeof b === "number" ? [a] : [a, b]));
  return [a, b];
}

const sum = new PairExpression("add", "a + b");

/** `a + b` of one shape and type, off the tape. */
export function plus(a: Tensor, b: Tensor): Tensor {
  return sum.of({ a, b });
}

const scaled = new PairExpression("scaled", "a * b");

/** A number `a` on the device times one that the host has, off the tape, in a shape of one element. */
export function timesNumber(a: Tensor, b: number, shape: Shape): Tensor {
  if (a.known !== null) return constantNumber(a.gpu, a.known * Math.fround(b), shape);
  const product = scaled.of({ a, b });
  const result = product.alias(shape);
  product.dispose();
  return result;
}
