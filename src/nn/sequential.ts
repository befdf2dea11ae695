import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** A module that maps one tensor to one tensor. */
export type Layer = Module & { forward(x: Tensor): Tensor };

/** Layers one after the other; their names are their indices. PyTorch: `torch.nn.Sequential`. */
export class Sequential<L extends Layer = Layer> extends Module {
  readonly #layers: readonly L[];

  /** Layers, first to last, of one class or of several. */
  constructor(...layers: readonly (L | Layer)[]) {
    super();
    this.#layers = layers as readonly L[];
  }

  /** The layers, first to last. */
  get layers(): readonly L[] {
    return this.#layers;
  }

  /** Layers by their index. */
  override *namedChildren(): Iterable<[string, Module]> {
    for (const [i, layer] of this.#layers.entries()) yield [String(i), layer];
  }

  /** What the last layer makes of it. */
  forward(x: Tensor): Tensor {
    return this.#layers.reduce((value, layer) => layer.forward(value), x);
  }
}
