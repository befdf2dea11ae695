import { synchronous } from "../gpu/synchronous.ts";
import type { DType } from "./dtype.ts";
import type { Shape } from "./shape.ts";

/** As much of a tensor as tells one from another. */
export interface TracedTensor {
  /** Sizes. */
  readonly shape: Shape;
  /** Type of the elements. */
  readonly dtype: DType;
  /** The memory, which tensors of the same elements share. */
  readonly storage: object;
}

/** What runs while {@linkcode withTracer} does, told at once. */
export interface Tracer {
  /**
   * An op made `outputs` of `inputs`. `attributes` are what it was given beside them by name: options, and tensors that have
   * no gradient. An op that is made of others is told after them, with the same outputs.
   */
  op(
    name: string,
    inputs: readonly TracedTensor[],
    outputs: readonly TracedTensor[],
    attributes: Readonly<Record<string, unknown>>,
  ): void;
  /**
   * The host wrote to memory: numbers from the first element on, to be copied, or one number to all elements; null: an op
   * changed it in place.
   */
  write(storage: object, values: ArrayLike<number> | number | null): void;
}

let tracer: Tracer | null = null;

/**
 * Runs `fn` and tells `listener` of every op that runs meanwhile.
 *
 * @throws TypeError when `fn` is async.
 */
export function withTracer<T>(listener: Tracer, fn: () => T): T {
  const outer = tracer;
  tracer = listener;
  try {
    return synchronous("withTracer", fn());
  } finally {
    tracer = outer;
  }
}

/** Tells of an op. For ops without a gradient; those with one are told of by `track()`. */
export function traceOp(
  name: string,
  inputs: readonly TracedTensor[],
  outputs: readonly TracedTensor[],
  attributes: object = {},
): void {
  tracer?.op(name, inputs, outputs, attributes as Readonly<Record<string, unknown>>);
}

/** Memory that counts how often it was written to. */
interface CountedMemory {
  /** Writes so far, other than by the op that it was taken for; replays of recordings are not counted. */
  version: number;
}

/** Tells of memory that changes other than by the result of an op. */
export function traceWrite(
  storage: CountedMemory,
  values: ArrayLike<number> | number | null,
): void {
  storage.version++;
  tracer?.write(storage, values);
}
