import { synchronous } from "../gpu/synchronous.ts";
import { cast } from "../ops/elementwise/cast.ts";
import type { Tensor } from "./core.ts";
import { type FloatType, isFloat } from "./dtype.ts";

/**
 * The type that autocast gives to the inputs of an op. Ops that are not here compute in the type of their inputs
 * (batch normalisation, pools, ReLU, shapes, sums of two) or refuse float16. Weights stay float32 in memory and are
 * rounded where they are multiplied. Source: the op lists of `torch.amp`.
 */
export const AUTOCAST = {
  conv2d: "float16",
  convTranspose2d: "float16",
  linear: "float16",
  crossEntropy: "float32",
  dkdLoss: "float32",
  dropout: "float32",
  exp: "float32",
  kdLoss: "float32",
  layerNorm: "float32",
  log: "float32",
  logSoftmax: "float32",
  mseLoss: "float32",
  pow: "float32",
  sigmoid: "float32",
  softmax: "float32",
  sum: "float32",
  wkdLogitLoss: "float32",
} as const satisfies Readonly<Record<string, FloatType>>;

/** What was cast since {@linkcode autocast} began, by type; null outside of it. */
let casts: Record<FloatType, Map<Tensor, Tensor>> | null = null;

/**
 * Runs `fn` with convolutions and linear layers in float16 and what needs its range in float32; sums inside of
 * kernels are float32 always. Backward passes run outside of it and take the types of the forward pass. A tensor that
 * several ops read is cast once, so its elements must not change meanwhile. PyTorch: `torch.autocast(dtype=torch.float16)`.
 *
 * @throws GpuError from the first op where the adapter has no `shader-f16`; TypeError when `fn` is async.
 */
export function autocast<T>(fn: () => T): T {
  const outer = casts;
  casts ??= { float16: new Map(), float32: new Map() };
  try {
    return synchronous("autocast", fn());
  } finally {
    casts = outer;
  }
}

/** Whether {@linkcode autocast} is at work. */
export function autocastEnabled(): boolean {
  return casts !== null;
}

/** {@linkcode autocastInput} for an op that may have no entry. */
export function autocastByName(op: string, x: Tensor): Tensor {
  return Object.hasOwn(AUTOCAST, op) ? autocastInput(op as keyof typeof AUTOCAST, x) : x;
}

/** An input of an op in the type that autocast wants for it; as it is outside of autocast. For ops. */
export function autocastInput(op: keyof typeof AUTOCAST, x: Tensor): Tensor {
  const dtype = AUTOCAST[op];
  if (!casts || !isFloat(x.dtype) || x.dtype === dtype) return x;
  const known = casts[dtype];
  const found = known.get(x);
  const result = cast(x, dtype, found?.disposed ? undefined : found);
  known.set(x, result);
  return result;
}
