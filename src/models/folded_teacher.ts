import { Folding } from "../nn/folding.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Model, ModelOutput } from "./model.ts";

/**
 * Lets the `forward()` of a frozen model run by {@linkcode Folding}, whoever calls it, until `dispose()`. While a parameter of
 * it wants a gradient, or where gradients are recorded, it runs as ever.
 */
export class FoldedTeacher {
  readonly #folding = new Folding();
  readonly #forward: (images: Tensor) => ModelOutput;
  readonly #folded: (images: Tensor) => ModelOutput;
  #on = true;

  /** Takes the place of `model.forward`. */
  constructor(readonly model: Model) {
    const forward = this.#forward = model.forward.bind(model);
    this.#folded = (images) => {
      const frozen = this.#on && !model.parameters().some(({ requiresGrad }) => requiresGrad);
      return frozen ? this.#folding.run(() => forward(images)) : forward(images);
    };
    this.#put(this.#folded);
  }

  /** Whether the host has written to the weights since they were prepared. */
  get stale(): boolean {
    return this.#folding.stale;
  }

  /** How often weights and statistics were written to, other than by replays. */
  get writes(): number {
    return [...this.model.stateDict().values()].reduce(
      (sum, { storage }) => sum + storage.version,
      0,
    );
  }

  /** Prepares the weights again. */
  refresh(): void {
    this.#folding.refresh();
  }

  /** Runs the model as ever from now on: its weights change on the device. Recordings made before stay valid. */
  unfold(): void {
    this.#on = false;
  }

  /** Gives the model back its `forward` and frees what was prepared; recordings made meanwhile can no longer be replayed. */
  dispose(): void {
    this.#on = false;
    // Whoever put something in front of it meanwhile goes through this to the model's own.
    if (this.model.forward === this.#folded) this.#put(this.#forward);
    this.#folding.dispose();
  }

  #put(value: (images: Tensor) => ModelOutput): void {
    const { model } = this;
    Object.defineProperty(model, "forward", { value, configurable: true, writable: true });
  }
}
