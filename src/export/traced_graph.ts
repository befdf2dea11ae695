import { UserError } from "../errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Where the elements of a value come from. */
export type Source =
  /** The images. */
  | { readonly kind: "images" }
  /** A parameter or buffer, by its name in the state dict. */
  | { readonly kind: "state"; readonly name: string }
  /** Numbers that `forward()` makes a tensor of: all of them, or one for all. */
  | { readonly kind: "numbers"; readonly values: ArrayLike<number> | number }
  /** A tensor that the model holds beside its state. */
  | { readonly kind: "tensor"; readonly tensor: Tensor }
  /** An op. */
  | { readonly kind: "op" };

/** A tensor of a trace. */
export interface Value {
  /** Its place among the values of its trace. */
  readonly id: number;
  /** Sizes. */
  readonly shape: Shape;
  /** What its elements are. */
  readonly dtype: DType;
  /** Where they come from. */
  readonly source: Source;
}

/** An op that ran. */
export interface TracedOp {
  /** The engine's name of it, such as `conv2d`. */
  readonly name: string;
  /** What it was given. */
  readonly inputs: readonly Value[];
  /** What it made. */
  readonly outputs: readonly Value[];
  /** Options; tensors among them are values. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Path of the module whose `forward()` called it, empty for the model itself. */
  readonly path: string;
  /** Class of that module. */
  readonly className: string;
}

/** The ops of a forward pass. */
export interface Trace {
  /** In the order that they ran in. */
  readonly ops: readonly TracedOp[];
  /** All tensors, by their ids. */
  readonly values: readonly Value[];
  /** The images. */
  readonly images: Value;
  /** The logits. */
  readonly logits: Value;
}

/** The ops that a value is made by, directly or not, in the order that they ran in. */
export function opsBehind({ ops }: Trace, value: Value): TracedOp[] {
  const wanted = new Set([value.id]);
  const kept: TracedOp[] = [];
  for (const op of ops.toReversed()) {
    if (!op.outputs.some(({ id }) => wanted.has(id))) continue;
    kept.push(op);
    for (const each of [...op.inputs, ...attributeValues(op)]) wanted.add(each.id);
  }
  return kept.reverse();
}

function attributeValues({ attributes }: TracedOp): Value[] {
  return Object.values(attributes).filter(isValue);
}

/** Whether an attribute of an op is a tensor. */
export function isValue(attribute: unknown): attribute is Value {
  return typeof attribute === "object" && attribute !== null && "source" in attribute;
}

/** Sizes of a value; null where one is not the same for another number of images. */
export type Sizes = readonly (number | null)[];

/**
 * A forward pass for whatever number of images: what two passes with different numbers have in common.
 *
 * Both are one pass where the number is fixed.
 */
export class TracedGraph {
  readonly #other: Trace;
  readonly #trace: Trace;
  /** The ops that the logits come from. */
  readonly ops: readonly TracedOp[];
  readonly #others: ReadonlyMap<TracedOp, TracedOp>;

  /** @throws UserError where the passes differ in more than sizes */
  constructor(trace: Trace, other: Trace) {
    this.#trace = trace;
    this.#other = other;
    this.ops = opsBehind(trace, trace.logits);
    const others = opsBehind(other, other.logits);
    const same = this.ops.length === others.length &&
      this.ops.every((op, i) => op.name === others[i].name && sameIds(op, others[i]));
    if (!same) throw dependsOnBatch("what the model does");
    this.#others = new Map(this.ops.map((op, i) => [op, others[i]]));
  }

  /** The logits. */
  get logits(): Value {
    return this.#trace.logits;
  }

  /** Sizes of a value. */
  sizes({ id, shape }: Value): Sizes {
    const other = this.#other.values[id].shape;
    return shape.map((size, d) => size === other[d] ? size : null);
  }

  /** Whether a size of a value is the number of images. */
  isBatch({ id, shape }: Value, dim: number): boolean {
    return shape[dim] === this.#trace.images.shape[0] &&
      this.#other.values[id].shape[dim] === this.#other.images.shape[0];
  }

  /**
   * An option that an op was given.
   *
   * @throws UserError where it follows from the number of images
   */
  attribute<T>(op: TracedOp, name: string): T | undefined {
    const value = op.attributes[name];
    const other = this.#others.get(op)!.attributes[name];
    if (JSON.stringify(value) !== JSON.stringify(other) && !isValue(value)) {
      throw dependsOnBatch(`${name} of ${describeOp(op)}`);
    }
    return value as T | undefined;
  }
}

function sameIds(a: TracedOp, b: TracedOp): boolean {
  const ids = (op: TracedOp) => [...op.inputs, ...op.outputs].map(({ id }) => id).join();
  return ids(a) === ids(b);
}

/** What is said of a graph that cannot be had for any number of images. */
export function dependsOnBatch(what: string): UserError {
  return new UserError(
    `${what} follows from the number of images in a way that ONNX cannot say; give the number, as in --batch 1`,
  );
}

/** An op and the layer that called it, for errors: `scatter_add in layer1.0 (MyBlock)`. */
export function describeOp({ name, path, className }: TracedOp): string {
  return `${name}() in ${path ? `${path} (${className})` : className}`;
}
