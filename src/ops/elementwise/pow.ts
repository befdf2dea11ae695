import type { Tensor } from "../../tensor/core.ts";
import { parametric } from "./unary.ts";

/** Whole exponents up to this in magnitude are multiplied out. */
const MAX_FACTORS = 16;

const NUMBERS = ["exponent", "atZero", "belowZero", "atMinusInfinity"] as const;

type PowerOp = ReturnType<typeof parametric>;

/** By exponent; those whose power and derivative are not multiplied out share one. */
const ops = new Map<number | "real", PowerOp>();

/**
 * `x^exponent`, element by element; NaN for negative finite `x` and a fractional exponent.
 * PyTorch: `torch.pow`.
 *
 * @param exponent integers up to 16 in magnitude are multiplied out, others go through `2^(e log2 |x|)`.
 * @throws TypeError unless `x` is float32 or float16.
 */
export function pow(x: Tensor, exponent: number): Tensor {
  const key = isProduct(exponent) || isProduct(exponent - 1) ? exponent : "real";
  let op = ops.get(key);
  if (!op) ops.set(key, op = powerOp(exponent));
  return op(x, { scale: exponent, ...numbers("y", exponent), ...numbers("d", exponent - 1) });
}

function powerOp(exponent: number): PowerOp {
  // The derivative of x^0 is 0 everywhere, also where x^-1 is infinite.
  const slope = exponent === 0
    ? "vec4f(0.0)"
    : `params.scale * dy * ${expression("d", exponent - 1)}`;
  const params = ["y", "d"].flatMap((prefix) => NUMBERS.map((name) => `${prefix}_${name}`));
  return parametric("pow", expression("y", exponent), slope, ["scale", ...params]);
}

/** Multiplying keeps the sign of x and loses no accuracy. */
function isProduct(exponent: number): boolean {
  return Number.isInteger(exponent) && Math.abs(exponent) <= MAX_FACTORS;
}

function expression(prefix: string, exponent: number): string {
  if (!isProduct(exponent)) {
    return `power(x, ${NUMBERS.map((name) => `params.${prefix}_${name}`).join(", ")})`;
  }
  if (exponent === 0) return "vec4f(1.0)";
  const product = Array(Math.abs(exponent)).fill("x").join(" * ");
  return exponent < 0 ? `(1.0 / (${product}))` : `(${product})`;
}

/** What `power` in the kernel is given for an exponent that is not multiplied out. */
function numbers(prefix: string, exponent: number): Record<string, number> {
  const odd = Math.abs(exponent % 2) === 1;
  const sign = odd ? -1 : 1;
  const values = {
    exponent,
    atZero: Math.pow(0, exponent),
    belowZero: Number.isInteger(exponent) ? sign : NaN,
    atMinusInfinity: sign,
  };
  return Object.fromEntries(NUMBERS.map((name) => [`${prefix}_${name}`, values[name]]));
}
