import { UserError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Model } from "../models/model.ts";
import type { Module } from "../nn/module.ts";
import { zeros } from "../tensor/create.ts";
import { numel, sameShape, type Shape } from "../tensor/shape.ts";
import { shapesOnly } from "../tensor/shapes_only.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type TracedTensor, type Tracer, withTracer } from "../tensor/trace.ts";
import type { Source, Trace, TracedOp, Value } from "./traced_graph.ts";

/**
 * The ops of a model's forward pass, which computes nothing.
 *
 * @param model in evaluation mode
 * @param shape of the images, [N, C, H, W]
 * @throws UserError where the pass changes a tensor in place
 */
export function traceModel(model: Model, shape: Shape): Trace {
  const recorder = new Recorder(model);
  const forward = () =>
    shapesOnly(() => {
      const images = zeros(shape);
      recorder.given(images);
      const { logits } = withTracer(recorder, () => withPaths(model, recorder, images));
      return recorder.finish(logits);
    });
  // Ops on the model's own tensors run on their device, the others on one that does not exist.
  const devices = new Set([...model.stateDict().values()].map(({ gpu }) => gpu));
  return [...devices].reduce((run, gpu) => () => gpu.dryRun(run), forward)();
}

/** Runs the model while `recorder` knows whose `forward()` runs. */
function withPaths(model: Model, recorder: Recorder, images: Tensor) {
  const undo: (() => void)[] = [];
  const watch = (module: Module, path: string) => {
    const watched = module as Module & { forward?: (...inputs: unknown[]) => unknown };
    const { forward } = watched;
    if (typeof forward === "function") {
      watched.forward = (...inputs) => recorder.inside(module, path, () => forward(...inputs));
      undo.push(() => watched.forward = forward);
    }
    for (const [name, child] of module.namedChildren()) {
      watch(child, path ? `${path}.${name}` : name);
    }
  };
  try {
    watch(model, "");
    return model.forward(images);
  } finally {
    for (const restore of undo.reverse()) restore();
  }
}

/** Takes down what runs. */
class Recorder implements Tracer {
  readonly #ops: TracedOp[] = [];
  readonly #values: Value[] = [];
  readonly #known = new Map<object, Value>();
  /** The first value in each memory. */
  readonly #stored = new Map<object, Value>();
  readonly #written = new Map<object, ArrayLike<number> | number>();
  readonly #running: { readonly path: string; readonly className: string }[] = [];
  #gpu: Gpu | null = null;

  constructor(model: Model) {
    for (const [name, tensor] of model.stateDict()) this.#add(tensor, { kind: "state", name });
  }

  /** Takes the images down. */
  given(images: Tensor): void {
    this.#gpu = images.gpu;
    this.#add(images, { kind: "images" });
  }

  /** Runs a module's `forward()`. */
  inside<T>({ constructor: { name } }: Module, path: string, forward: () => T): T {
    this.#running.push({ path, className: name });
    try {
      return forward();
    } finally {
      this.#running.pop();
    }
  }

  /** What ran. */
  finish(logits: Tensor): Trace {
    const images = this.#values.find(({ source }) => source.kind === "images")!;
    return { ops: this.#ops, values: this.#values, images, logits: this.#value(logits) };
  }

  op(
    name: string,
    inputs: readonly TracedTensor[],
    outputs: readonly TracedTensor[],
    attributes: Readonly<Record<string, unknown>>,
  ): void {
    // An op that is made of others: they are known already.
    if (outputs.every((each) => this.#known.has(each))) return;
    const { path, className } = this.#running.at(-1)!;
    const given = inputs.map((each) => this.#value(each));
    const options = Object.entries(attributes).map((
      [key, value],
    ) => [key, value instanceof Tensor ? this.#value(value) : value]);
    this.#ops.push({
      ...{ name, path, className, inputs: given, attributes: Object.fromEntries(options) },
      outputs: outputs.map((each) => this.#add(each, { kind: "op" })),
    });
  }

  write(storage: object, values: ArrayLike<number> | number | null): void {
    if (this.#stored.has(storage) || values === null) {
      throw new UserError(
        `forward() of ${this.#where()} changes a tensor in place, which has no ONNX form; make a ` +
          "new one, as add() does",
      );
    }
    this.#written.set(storage, typeof values === "number" ? values : Float64Array.from(values));
  }

  #add(tensor: TracedTensor, source: Source): Value {
    const { shape, dtype, storage } = tensor;
    const value = { id: this.#values.length, shape, dtype, source };
    this.#values.push(value);
    this.#known.set(tensor, value);
    if (!this.#stored.has(storage)) this.#stored.set(storage, value);
    return value;
  }

  #value(tensor: TracedTensor): Value {
    const known = this.#known.get(tensor);
    if (known) return known;
    const shared = this.#stored.get(tensor.storage);
    if (shared && numel(shared.shape) === numel(tensor.shape)) return this.#seenAs(tensor, shared);
    const values = this.#written.get(tensor.storage);
    if (values !== undefined) return this.#add(tensor, { kind: "numbers", values });
    if (tensor instanceof Tensor && tensor.gpu !== this.#gpu) {
      return this.#add(tensor, { kind: "tensor", tensor });
    }
    throw new UserError(`an op that ${this.#where()} uses has no ONNX form`);
  }

  /** The elements of a value under another shape, or the value itself under its own. */
  #seenAs(tensor: TracedTensor, value: Value): Value {
    if (sameShape(tensor.shape, value.shape)) {
      this.#known.set(tensor, value);
      return value;
    }
    this.op("reshape", [], [tensor], {});
    const op = this.#ops.pop()!;
    this.#ops.push({ ...op, inputs: [value] });
    return op.outputs[0];
  }

  /** The layer that runs. */
  #where(): string {
    const { path, className } = this.#running.at(-1)!;
    return path ? `${path} (${className})` : className;
  }
}
