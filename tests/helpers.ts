import { assert, AssertionError } from "@std/assert";
import type { Gpu } from "../src/gpu/gpu.ts";
import { tensor } from "../src/tensor/create.ts";
import { init } from "../src/tensor/default_device.ts";
import type { Shape } from "../src/tensor/shape.ts";
import { numel } from "../src/tensor/shape.ts";
import type { Tensor } from "../src/tensor/tensor.ts";

/** The device of all tests; WKD_DEVICE chooses it as on the command line. Fails when there is none. */
export async function device(): Promise<Gpu> {
  const choice = Deno.env.get("WKD_DEVICE") as "auto" | "hardware" | "software" | undefined;
  return await init({ device: choice ?? "auto" });
}

/** Relative L2 distance; absolute where everything expected is zero. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert(actual.length === expected.length, `length ${actual.length}, not ${expected.length}`);
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  const error = norm > 0 ? Math.sqrt(difference / norm) : Math.sqrt(difference);
  return Number.isNaN(error) ? Infinity : error;
}

/** Fails when the relative L2 distance is above `tolerance`. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance = 1e-5,
  message = "",
): void {
  const error = relativeError(actual, expected);
  if (error > tolerance) {
    const head = (a: ArrayLike<number>) => Array.from(a).slice(0, 8).join(", ");
    throw new AssertionError(
      `${message} relative error ${error} > ${tolerance}: got [${head(actual)} ...], ` +
        `wanted [${head(expected)} ...]`,
    );
  }
}

/** FNV-1a-32 of UTF-8 bytes: the seed of the procedural values of the reference figures. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** `u(name)[0..count]`, doubles in [0, 1): a function of the name alone. */
export function uniforms(name: string, count: number): Float64Array {
  const seed = fnv1a(name);
  return Float64Array.from({ length: count }, (_, i) => {
    let x = (seed + Math.imul(i, 0x9e3779b9)) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
  });
}

/** Procedural values in (-scale, scale), rounded to float32. */
export function values(name: string, shape: Shape, scale = 1): Float32Array {
  return Float32Array.from(uniforms(name, numel(shape)), (u) => (2 * u - 1) * scale);
}

/** Procedural labels in [0, classes). */
export function labels(name: string, count: number, classes: number): Int32Array {
  return Int32Array.from(uniforms(name, count), (u) => Math.floor(u * classes));
}

/** A tensor of procedural values. */
export function procedural(name: string, shape: Shape, scale = 1, requiresGrad = false): Tensor {
  return tensor(values(name, shape, scale), shape, { requiresGrad });
}

/** One input of {@linkcode checkGradients}: a shape and its values. */
export interface GradientInput {
  shape: Shape;
  data: Float32Array;
}

/** What the rounding of float32 leaves of {@linkcode checkGradients} for ops whose differences are exact. */
export const EXACT_DIFFERENCES = 5e-6;

/**
 * Compares the gradients of `fn` with central differences of fourth order, which are exact for cubic polynomials and
 * otherwise off by `step^4 / 30` of the fifth derivative, beside the rounding of float32 over the step.
 *
 * `fn` maps tensors to one tensor; it is reduced to a number by fixed random weights, in float64 on
 * the host. Inputs are rounded to multiples of 2^-16, so that steps from them are exact. Every element of small inputs
 * is tried, a spread of `samples` of large ones.
 *
 * @param options `step` is a power of two, default 1/8; `tolerance` of the relative L2 error: default 2e-3, for losses
 * whose value is large beside a single slope, {@linkcode EXACT_DIFFERENCES} for polynomials.
 */
export async function checkGradients(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly GradientInput[],
  options: { step?: number; tolerance?: number; samples?: number } = {},
): Promise<void> {
  const { step = 2 ** -3, tolerance = 2e-3, samples = 12 } = options;
  const rounded = inputs.map(({ data }) => data.map((v) => Math.round(v * 2 ** 16) / 2 ** 16));
  const leaves = inputs.map(({ shape }, i) => tensor(rounded[i], shape, { requiresGrad: true }));
  const output = fn(...leaves);
  const weights = values("finite differences", output.shape);
  output.backward({ gradient: tensor(weights, output.shape) });
  const gradients = await Promise.all(leaves.map((leaf) => leaf.grad!.data()));
  const evaluate = async (which: number, index: number, delta: number) => {
    const moved = inputs.map(({ shape }, i) => {
      const copy = rounded[i].slice();
      if (i === which) copy[index] += delta;
      return tensor(copy, shape);
    });
    const result = await fn(...moved).data();
    moved.forEach((t) => t.dispose());
    return Array.from(result).reduce((total, value, i) => total + value * weights[i], 0);
  };
  const slope = async (which: number, index: number) => {
    const difference = async (delta: number) => {
      const [plus, minus] = [evaluate(which, index, delta), evaluate(which, index, -delta)];
      return (await plus - await minus) / (2 * delta);
    };
    const [near, far] = await Promise.all([difference(step), difference(2 * step)]);
    return (4 * near - far) / 3;
  };
  for (const [which, data] of rounded.entries()) {
    const stride = Math.max(1, Math.floor(data.length / samples));
    const tried = Array.from(data.keys()).filter((i) => i % stride === 0);
    const expected = await Promise.all(tried.map((i) => slope(which, i)));
    const found = tried.map((i) => gradients[which][i]);
    assertClose(found, expected, tolerance, `gradient of input ${which}:`);
  }
  leaves.forEach((leaf) => leaf.dispose());
}
