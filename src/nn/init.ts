import { synchronous } from "../gpu/synchronous.ts";
import { checkOptions } from "../options.ts";
import { Generator } from "../tensor/random.ts";
import { fillNormal, fillUniform } from "../tensor/random.ts";
import type { Shape } from "../tensor/shape.ts";
import { numel } from "../tensor/shape.ts";

let generator = new Generator(0);
let skipping = false;

/** Seeds the initialisation of all modules made from now on. PyTorch: `torch.manual_seed`. */
export function manualSeed(seed: number): void {
  generator = new Generator(seed);
}

/**
 * Runs `fn`, in which modules are made with zeros where random numbers belong; the generator stands still. For modules
 * that are loaded at once, or whose shapes alone matter. PyTorch: `torch.nn.utils.skip_init`.
 *
 * @throws TypeError when `fn` is async.
 */
export function skipInit<T>(fn: () => T): T {
  const outer = skipping;
  skipping = true;
  try {
    return synchronous("skipInit", fn());
  } finally {
    skipping = outer;
  }
}

/** Which side of a weight its scale is kept for. */
export type FanMode = "fan_in" | "fan_out";

/** What follows a layer. */
export type Nonlinearity = "linear" | "relu" | "leaky_relu";

/** Options of the Kaiming initialisations. */
export interface KaimingOptions {
  /** Slope of the leaky ReLU. Default 0. */
  a?: number;
  /** Default `fan_in`. */
  mode?: FanMode;
  /** Default `leaky_relu`. */
  nonlinearity?: Nonlinearity;
}

/** Inputs and outputs of one unit of a weight [out, in, ...]. PyTorch: `_calculate_fan_in_and_fan_out`. */
export function fans(shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length < 2) throw new RangeError("fans want a weight of two or more dimensions");
  const field = numel(shape.slice(2));
  return { fanIn: shape[1] * field, fanOut: shape[0] * field };
}

/** Recommended gain. PyTorch: `init.calculate_gain`. */
export function calculateGain(nonlinearity: Nonlinearity, a = 0): number {
  if (nonlinearity === "linear") return 1;
  return nonlinearity === "relu" ? Math.SQRT2 : Math.sqrt(2 / (1 + a * a));
}

/** Values for a weight: normal, std `gain / sqrt(fan)`. PyTorch: `init.kaiming_normal_`. */
export function kaimingNormal(shape: Shape, options: KaimingOptions = {}): Float32Array {
  return normal(shape, 0, kaimingStd(shape, options));
}

/** Values for a weight: uniform, bound `sqrt(3) gain / sqrt(fan)`. PyTorch: `init.kaiming_uniform_`. */
export function kaimingUniform(shape: Shape, options: KaimingOptions = {}): Float32Array {
  const bound = Math.sqrt(3) * kaimingStd(shape, options);
  return uniform(shape, -bound, bound);
}

/** Values for a weight: uniform, bound `gain sqrt(6 / (in + out))`. PyTorch: `init.xavier_uniform_`. */
export function xavierUniform(shape: Shape, gain = 1): Float32Array {
  const { fanIn, fanOut } = fans(shape);
  const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
  return uniform(shape, -bound, bound);
}

/** Values for a weight: normal, std `gain sqrt(2 / (in + out))`. PyTorch: `init.xavier_normal_`. */
export function xavierNormal(shape: Shape, gain = 1): Float32Array {
  const { fanIn, fanOut } = fans(shape);
  return normal(shape, 0, gain * Math.sqrt(2 / (fanIn + fanOut)));
}

/** Uniform values. PyTorch: `init.uniform_`. */
export function uniform(shape: Shape, low: number, high: number): Float32Array {
  const values = new Float32Array(numel(shape));
  if (!skipping) fillUniform(values, generator, low, high);
  return values;
}

/** Normal values. PyTorch: `init.normal_`. */
export function normal(shape: Shape, mean: number, std: number): Float32Array {
  const values = new Float32Array(numel(shape));
  if (!skipping) fillNormal(values, generator, mean, std);
  return values;
}

/** @throws RangeError for a size of a layer that is no whole number from 1. */
export function requireSizes(layer: string, sizes: Readonly<Record<string, number>>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (Number.isInteger(size) && size >= 1) continue;
    throw new RangeError(`${layer} with ${name} ${size}: a whole number from 1 wanted`);
  }
}

/** The default weight and bias of linear and convolution layers. PyTorch: their `reset_parameters`. */
export function defaultWeightAndBias(
  shape: Shape,
  biasLength: number,
): { weight: Float32Array; bias: Float32Array } {
  const bound = 1 / Math.sqrt(fans(shape).fanIn);
  const weight = kaimingUniform(shape, { a: Math.sqrt(5) });
  return { weight, bias: uniform([biasLength], -bound, bound) };
}

function kaimingStd(shape: Shape, options: KaimingOptions): number {
  checkOptions<KaimingOptions>("kaimingNormal() and kaimingUniform()", options, {
    ...{ a: true, mode: true, nonlinearity: true },
  });
  const { a = 0, mode = "fan_in", nonlinearity = "leaky_relu" } = options;
  const { fanIn, fanOut } = fans(shape);
  return calculateGain(nonlinearity, a) / Math.sqrt(mode === "fan_in" ? fanIn : fanOut);
}
