import emaCode from "../../kernels/optim/ema.wgsl" with { type: "text" };
import exchangeCode from "../../kernels/optim/exchange.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { linearGrid } from "../ops/grid.ts";
import { bytesOf } from "../tensor/dtype.ts";
import { formatShape, sameShape, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { BLOCK, FlatTensors, splitByRoom } from "./flat_group.ts";

const emaKernel = new Kernel("ema", emaCode);
const exchangeKernel = new Kernel("exchange", exchangeCode);

/** Numbers and their average, in buffers of one layout. */
interface Averaged {
  readonly values: Tensor;
  readonly averages: Tensor;
}

/**
 * An exponential moving average of a model's parameters and buffers: `average += (1 - decay) * (value - average)` for
 * floating-point ones, integers are the model's own. It starts as a copy. timm: `ModelEmaV3.update(model)`.
 *
 * Each update is a kernel for each flat buffer and waits for nothing, so it may be recorded with the optimiser's step.
 */
export class ModelEma {
  readonly #pairs: readonly Averaged[];
  readonly #own: readonly FlatTensors[];
  readonly #state: ReadonlyMap<string, Tensor>;
  readonly #parts: readonly Tensor[];

  /**
   * Copies the model. What the optimiser does not move is moved into flat buffers; recordings made before are no longer valid.
   *
   * @param state the model's state dict
   * @param groups the optimiser's
   * @param decay part of the average that an update leaves, from 0 and below 1
   * @throws RangeError for another decay
   */
  constructor(
    state: ReadonlyMap<string, Tensor>,
    groups: readonly FlatTensors[],
    readonly decay: number,
  ) {
    if (!(decay >= 0 && decay < 1)) {
      throw new RangeError(`an average with a decay of ${decay}; from 0 and below 1 wanted`);
    }
    const moved = new Set(groups.flatMap(({ places }) => places.map(({ tensor }) => tensor)));
    const floats = [...state.values()].filter(({ dtype }) => dtype === "float32");
    const others = floats.filter((tensor) => !moved.has(tensor));
    const { gpu } = floats[0];
    this.#own = splitByRoom(others, gpu).map((some) => new FlatTensors(gpu, some));
    const parts = new Map<Tensor, Tensor>();
    this.#pairs = [...groups, ...this.#own].map((flat) => {
      const mirror = flat.mirror();
      flat.places.forEach(({ tensor }, i) => parts.set(tensor, mirror.parts[i]));
      return { values: flat.values, averages: mirror.all };
    });
    this.#state = new Map([...state].map(([name, own]) => [name, parts.get(own) ?? own]));
    this.#parts = [...parts.values()];
    this.reset();
  }

  /** Moves the averages towards the model. */
  update(): void {
    for (const { values, averages } of this.#pairs) {
      values.gpu.dispatch(emaKernel, {
        bindings: { values: values.storage, averages: averages.storage },
        params: { rest: 1 - this.decay },
        workgroups: linearGrid(values.numel / BLOCK),
      });
    }
  }

  /** Exchanges the model and its average: to evaluate it, and again to go on. */
  exchange(): void {
    for (const { values, averages } of this.#pairs) {
      values.gpu.dispatch(exchangeKernel, {
        bindings: { one: values.storage, other: averages.storage },
        workgroups: linearGrid(values.numel / BLOCK),
      });
    }
  }

  /** Makes the average a copy of the model again. */
  reset(): void {
    for (const { values, averages } of this.#pairs) {
      const bytes = bytesOf("float32", values.numel);
      values.gpu.copy(values.storage, averages.storage, bytes);
    }
  }

  /** The averages by the model's names, and its integers. */
  stateDict(): Map<string, Tensor> {
    return new Map(this.#state);
  }

  /**
   * Loads averages; integers are left to the model.
   *
   * @throws RangeError when they are those of another model
   */
  loadStateDict(
    entries: ReadonlyMap<
      string,
      { readonly shape: Shape; readonly data: Float32Array | Int32Array | Uint32Array }
    >,
  ): void {
    const floats = [...this.#state].filter(([, { dtype }]) => dtype === "float32");
    for (const [name, { shape }] of floats) {
      const found = entries.get(name)?.shape;
      if (found && sameShape(found, shape)) continue;
      throw new RangeError(
        `the average does not fit: ${name} is ${found ? formatShape(found) : "missing"}, ${
          formatShape(shape)
        } wanted`,
      );
    }
    for (const [name, tensor] of floats) tensor.copy_(Float32Array.from(entries.get(name)!.data));
  }

  /** Frees the averages; the model keeps its values. */
  dispose(): void {
    for (const part of this.#parts) part.dispose();
    for (const { averages } of this.#pairs) averages.dispose();
    for (const { values } of this.#own) values.dispose();
  }
}
