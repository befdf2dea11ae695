import { formatShape, sameShape, type Shape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { moduleText } from "./module_text.ts";
import { refuseContainers, watchForward } from "./registered.ts";

/** Numbers to load into a parameter or buffer. */
export interface StateEntry {
  /** Sizes of the tensor they belong to. */
  readonly shape: Shape;
  /** Row-major. */
  readonly data: Float32Array | Int32Array | Uint32Array;
}

/** What `loadStateDict` did. */
export interface LoadReport {
  /** Names that were loaded. */
  readonly applied: readonly string[];
  /** Names of the module that the entries lack. */
  readonly missing: readonly string[];
  /** Names of the entries that the module lacks. */
  readonly unexpected: readonly string[];
  /** Names whose shapes differ, with both shapes. */
  readonly wrongShape: readonly string[];
}

/**
 * Base of layers and models. PyTorch: `torch.nn.Module`.
 *
 * A field that holds a tensor is a parameter, or a buffer when `registerBuffer()` or `bufferNames()` names it; one that
 * holds a module is a child. Names of parameters and buffers are the paths of field names, so fields are named as PyTorch
 * names them in checkpoints. Modules in arrays, maps and plain objects are refused: `ModuleList` and `ModuleDict` are for
 * them. Fields that are `#private` cannot be seen; a module there is refused when its `forward()` is used.
 */
export abstract class Module {
  /** Whether the module is in training mode. */
  training = true;
  readonly #buffers = new Set<string>();

  /** Every module finds out at its first `forward()` inside of another one's whether that has it as a child. */
  constructor() {
    watchForward(this);
  }

  /**
   * Children by name, in the order of their fields.
   *
   * @throws Error when a field holds modules or parameters in an array, a map or a plain object.
   */
  *namedChildren(): Iterable<[string, Module]> {
    refuseContainers(this);
    for (const [name, value] of Object.entries(this)) {
      if (value instanceof Module) yield [name, value];
    }
  }

  /** Own tensors by name, in the order of their fields. */
  *namedTensors(): Iterable<[string, Tensor]> {
    for (const [name, value] of Object.entries(this)) {
      if (value instanceof Tensor) yield [name, value];
    }
  }

  /** This module and all below it. */
  *modules(): Iterable<Module> {
    yield this;
    for (const [, child] of this.namedChildren()) yield* child.modules();
  }

  /** Parameters and buffers by their paths, in PyTorch's order. */
  stateDict(prefix = ""): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    for (const [name, tensor] of this.namedTensors()) state.set(prefix + name, tensor);
    for (const [name, child] of this.namedChildren()) {
      for (const [key, tensor] of child.stateDict(`${prefix}${name}.`)) state.set(key, tensor);
    }
    return state;
  }

  /**
   * Loads parameters and buffers by name.
   *
   * @throws Error listing what does not fit, when `strict` (the default); nothing is loaded then.
   */
  loadStateDict(
    entries: ReadonlyMap<string, StateEntry>,
    options: { strict?: boolean } = {},
  ): LoadReport {
    const own = this.stateDict();
    const missing = [...own.keys()].filter((name) => !entries.has(name));
    const unexpected = [...entries.keys()].filter((name) => !own.has(name));
    const common = [...own].filter(([name]) => entries.has(name));
    const wrongShape = common
      .filter(([name, tensor]) => !sameShape(entries.get(name)!.shape, tensor.shape))
      .map(([name, tensor]) =>
        `${name} is ${formatShape(entries.get(name)!.shape)}, not ${formatShape(tensor.shape)}`
      );
    if (options.strict !== false) refuse({ missing, unexpected, wrongShape });
    const applied: string[] = [];
    for (const [name, tensor] of common) {
      const { data, shape } = entries.get(name)!;
      if (!sameShape(shape, tensor.shape)) continue;
      tensor.copy_(tensor.dtype === "float32" ? Float32Array.from(data) : Int32Array.from(data));
      applied.push(name);
    }
    return { applied, missing, unexpected, wrongShape };
  }

  /** Parameters by name, frozen ones too. */
  namedParameters(): Map<string, Tensor> {
    const parameters = new Set(this.#parameterTensors());
    return new Map([...this.stateDict()].filter(([, tensor]) => parameters.has(tensor)));
  }

  /** Buffers by name. */
  namedBuffers(): Map<string, Tensor> {
    const parameters = new Set(this.#parameterTensors());
    return new Map([...this.stateDict()].filter(([, tensor]) => !parameters.has(tensor)));
  }

  /** Parameters. */
  parameters(): Tensor[] {
    return [...this.namedParameters().values()];
  }

  /** How many numbers the parameters hold. */
  parameterCount(): number {
    return this.#parameterTensors().reduce((sum, parameter) => sum + parameter.numel, 0);
  }

  /** Sets training mode here and below. */
  train(mode = true): this {
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Sets evaluation mode here and below. */
  eval(): this {
    return this.train(false);
  }

  /** Whether gradients are wanted for the parameters. */
  requiresGrad_(wanted: boolean): this {
    for (const parameter of this.#parameterTensors()) parameter.requiresGrad = wanted;
    return this;
  }

  /** Class and size, as `Linear(12 parameters)`. */
  toString(): string {
    return `${this.constructor.name}(${this.parameterCount()} parameters)`;
  }

  /** What stands in the brackets of the printed tree, such as `in_features=4, out_features=3, bias=True`. */
  extraRepr(): string {
    return "";
  }

  /** What `console.log` prints in Deno: the tree, shapes and the number of parameters. */
  [Symbol.for("Deno.customInspect")](): string {
    return moduleText(this);
  }

  /** The same in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return moduleText(this);
  }

  /** Frees parameters and buffers. */
  dispose(): void {
    for (const tensor of this.stateDict().values()) tensor.dispose();
  }

  /**
   * Makes `tensor`, or null for none, the field `name`: state that is saved and not trained.
   * PyTorch: `Module.register_buffer`.
   */
  protected registerBuffer(name: string, tensor: Tensor | null): void {
    this.#buffers.add(name);
    (this as Record<string, unknown>)[name] = tensor?.keep() ?? null;
  }

  /** Names of own tensors that are buffers; the others are parameters. */
  protected bufferNames(): readonly string[] {
    return [...this.#buffers];
  }

  #parameterTensors(): Tensor[] {
    const found: Tensor[] = [];
    for (const module of this.modules()) {
      const buffers = module.bufferNames();
      for (const [name, tensor] of module.namedTensors()) {
        if (!buffers.includes(name)) found.push(tensor);
      }
    }
    return found;
  }
}

function refuse({ missing, unexpected, wrongShape }: Omit<LoadReport, "applied">): void {
  const few = (names: readonly string[]) =>
    names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "");
  const problems = [
    ...(missing.length > 0 ? [`missing ${few(missing)}`] : []),
    ...(unexpected.length > 0 ? [`unexpected ${few(unexpected)}`] : []),
    ...(wrongShape.length > 0 ? [`of another shape: ${few(wrongShape)}`] : []),
  ];
  if (problems.length > 0) throw new Error(problems.join("; "));
}
