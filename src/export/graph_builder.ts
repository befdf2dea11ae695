import { UserError } from "../errors.ts";
import type { OnnxAttribute, OnnxNode, OnnxTensor } from "../formats/onnx/onnx.ts";
import type { HostArray } from "../tensor/dtype.ts";
import { numel } from "../tensor/shape.ts";
import {
  dependsOnBatch,
  describeOp,
  type Sizes,
  type TracedGraph,
  type TracedOp,
  type Value,
} from "./traced_graph.ts";

/** ONNX's node or nodes for an op of the engine; returns the names of what the op makes. */
export type Rule = (build: GraphBuilder, op: TracedOp) => string | readonly string[];

/** ONNX's type of the engine's; indices are signed in ONNX. */
const TYPES = { float32: "float", float16: "float16", int32: "int32", uint32: "int32" } as const;

/** ONNX's graph of a traced one, grown op by op. */
export class GraphBuilder {
  /** Nodes so far. */
  readonly nodes: OnnxNode[] = [];
  /** Constants so far, the weights under their names in the state dict. */
  readonly initializers = new Map<string, OnnxTensor>();
  readonly #names = new Map<number, string>();
  readonly #constants = new Map<string, string>();
  readonly #taken = new Set<string>();
  #op: TracedOp | null = null;

  /**
   * @param images name of the input
   * @param contents what state and other tensors of the model hold, by the ids of their values
   */
  constructor(
    readonly graph: TracedGraph,
    readonly images: string,
    readonly contents: ReadonlyMap<number, HostArray>,
  ) {}

  /**
   * Adds what an op does.
   *
   * @throws UserError naming the op and the layer where there is no rule for it
   */
  add(op: TracedOp, rules: Readonly<Record<string, Rule>>): void {
    if (!Object.hasOwn(rules, op.name)) {
      throw new UserError(
        `${describeOp(op)} has no ONNX form; use ops that have one there`,
      );
    }
    this.#op = op;
    const made = [rules[op.name](this, op)].flat();
    op.outputs.forEach(({ id }, i) => this.#names.set(id, made[i]));
  }

  /** The name of a value that was made before, or of a constant. */
  name(value: Value): string {
    const { id, source } = value;
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const name = source.kind === "images"
      ? this.images
      : source.kind === "numbers" && this.sizes(value).includes(null)
      ? this.#filled(value, source.values)
      : this.#constant(value, source.kind === "state" ? source.name : this.#free("constant"));
    this.#names.set(id, name);
    return name;
  }

  /** Adds a node; returns the name of its output. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    return this.nodeOf(op, inputs, attributes, 1)[0];
  }

  /** Adds a node with several outputs; returns their names. */
  nodeOf(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
    count: number,
  ): string[] {
    const path = this.#op?.path;
    const name = this.#free(path ? `${path}.${op}` : op);
    const outputs = [name, ...Array.from({ length: count - 1 }, () => this.#free(`${name}.out`))];
    this.nodes.push({ op, name, inputs, outputs, attributes });
    return outputs;
  }

  /** A constant number. */
  scalar(value: number): string {
    return this.floats([value], []);
  }

  /** Constant float32. */
  floats(values: readonly number[] | Float32Array, shape: readonly number[]): string {
    const data = Float32Array.from(values);
    return this.#shared(`float ${shape} ${data}`, { shape, type: "float", data });
  }

  /** Constant whole numbers, in one dimension, as sizes and axes are given. */
  ints(values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.#shared(`int64 ${data}`, { shape: [values.length], type: "int64", data });
  }

  /** Sizes of a value; null where one is not the same for another number of images. */
  sizes(value: Value): Sizes {
    return this.graph.sizes(value);
  }

  /** An option of an op. */
  attribute<T>(op: TracedOp, name: string): T | undefined {
    return this.graph.attribute<T>(op, name);
  }

  /** The elements of `input` under the shape of a value. */
  reshaped(input: string, value: Value): string {
    const sizes = this.sizes(value);
    const open = sizes.filter((size) => size === null).length;
    const shape = open > 1 ? this.shapeOf(value) : this.ints(sizes.map((size) => size ?? -1));
    return this.node("Reshape", [input, shape]);
  }

  /**
   * The shape of a value as a tensor of its own; the number of images is taken from them.
   *
   * @param sizes default: those of the value
   * @throws UserError where a size follows from the number in another way
   */
  shapeOf(value: Value, sizes: Sizes = this.sizes(value)): string {
    if (!sizes.includes(null)) return this.ints(sizes as number[]);
    if (sizes.some((size, d) => size === null && !this.graph.isBatch(value, d))) {
      throw dependsOnBatch(`the shape that ${describeOp(this.#op!)} makes`);
    }
    const count = this.node("Shape", [this.images], { start: { int: 0 }, end: { int: 1 } });
    const parts = sizes.map((size) => size === null ? count : this.ints([size]));
    return this.node("Concat", parts, { axis: { int: 0 } });
  }

  #constant(value: Value, name: string): string {
    this.#taken.add(name);
    this.initializers.set(name, hostTensor(value, this.contents.get(value.id)));
    return name;
  }

  /** Numbers whose count follows from that of the images: one number for all alone. */
  #filled(value: Value, values: ArrayLike<number> | number): string {
    if (typeof values !== "number" || value.dtype !== "float32") {
      throw dependsOnBatch(`the size of a tensor that ${describeOp(this.#op!)} takes`);
    }
    return this.node("Expand", [this.scalar(values), this.shapeOf(value)]);
  }

  #shared(key: string, tensor: OnnxTensor): string {
    let name = this.#constants.get(key);
    if (name === undefined) {
      name = this.#free("constant");
      this.#constants.set(key, name);
      this.initializers.set(name, tensor);
    }
    return name;
  }

  #free(base: string): string {
    let name = base;
    for (let i = 2; this.#taken.has(name); i++) name = `${base}_${i}`;
    this.#taken.add(name);
    return name;
  }
}

function hostTensor({ shape, dtype, source }: Value, contents: HostArray | undefined): OnnxTensor {
  const type = TYPES[dtype];
  const count = numel(shape);
  const values = source.kind !== "numbers"
    ? contents!
    : typeof source.values === "number"
    ? new Float64Array(count).fill(source.values)
    : source.values;
  const numbers = { length: count };
  const each = (_: unknown, i: number) => values[i];
  if (type === "int32") return { shape, type, data: Int32Array.from(numbers, each) };
  if (type === "float16") return { shape, type, data: Float16Array.from(numbers, each) };
  const data = values instanceof Float32Array ? values : Float32Array.from(numbers, each);
  return { shape, type, data };
}
