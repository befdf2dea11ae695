import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/**
 * Modules in a list; their names are their indices. It has no `forward()`: whoever holds it runs them.
 * PyTorch: `torch.nn.ModuleList`.
 */
export class ModuleList<M extends Module = Module> extends Module {
  readonly #modules: M[];

  /** Modules, first to last. */
  constructor(modules: Iterable<M> = []) {
    super();
    this.#modules = [...modules];
  }

  /** How many there are. */
  get length(): number {
    return this.#modules.length;
  }

  /**
   * The module at a position; negative ones count from the back.
   *
   * @throws RangeError when it is out of range.
   */
  at(index: number): M {
    const module = this.#modules.at(index);
    if (module && Number.isInteger(index)) return module;
    throw new RangeError(`there is no module ${index} in a ModuleList of ${this.length}`);
  }

  /** Adds one behind the last. */
  append(module: M): this {
    this.#modules.push(module);
    return this;
  }

  /** First to last. */
  [Symbol.iterator](): Iterator<M> {
    return this.#modules[Symbol.iterator]();
  }

  /** Modules by their index. */
  override *namedChildren(): Iterable<[string, Module]> {
    for (const [i, module] of this.#modules.entries()) yield [String(i), module];
  }
}

/** Modules by name, in their order. It has no `forward()`. PyTorch: `torch.nn.ModuleDict`. */
export class ModuleDict<M extends Module = Module> extends Module {
  readonly #modules: Map<string, M>;

  /** Modules by name. */
  constructor(modules: Readonly<Record<string, M>> = {}) {
    super();
    this.#modules = new Map(Object.entries(modules));
  }

  /**
   * The module of a name.
   *
   * @throws RangeError for a name that is not there, with those that are.
   */
  get(name: string): M {
    const module = this.#modules.get(name);
    if (module) return module;
    const names = [...this.#modules.keys()].join(", ");
    throw new RangeError(`there is no module ${name} in a ModuleDict of ${names || "none"}`);
  }

  /** Adds one, or takes the place of the one of that name. */
  set(name: string, module: M): this {
    this.#modules.set(name, module);
    return this;
  }

  /** Names and modules. */
  [Symbol.iterator](): Iterator<[string, M]> {
    return this.#modules[Symbol.iterator]();
  }

  /** Modules by their name. */
  override namedChildren(): Iterable<[string, Module]> {
    return this.#modules.entries();
  }
}

/** Parameters in a list; their names are their indices. PyTorch: `torch.nn.ParameterList`. */
export class ParameterList extends Module {
  readonly #parameters: readonly Tensor[];

  /** Parameters, first to last. */
  constructor(parameters: Iterable<Tensor> = []) {
    super();
    this.#parameters = [...parameters];
  }

  /** How many there are. */
  get length(): number {
    return this.#parameters.length;
  }

  /**
   * The parameter at a position; negative ones count from the back.
   *
   * @throws RangeError when it is out of range.
   */
  at(index: number): Tensor {
    const parameter = this.#parameters.at(index);
    if (parameter && Number.isInteger(index)) return parameter;
    throw new RangeError(`there is no parameter ${index} in a ParameterList of ${this.length}`);
  }

  /** First to last. */
  [Symbol.iterator](): Iterator<Tensor> {
    return this.#parameters[Symbol.iterator]();
  }

  /** Parameters by their index. */
  override *namedTensors(): Iterable<[string, Tensor]> {
    for (const [i, parameter] of this.#parameters.entries()) yield [String(i), parameter];
  }
}
