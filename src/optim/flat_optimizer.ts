import { tensor } from "../tensor/create.ts";
import { endStep } from "../tensor/scope.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { FlatGroup, splitByRoom, type StateLayout } from "./flat_group.ts";
import type {
  GradientScaling,
  Optimizer,
  OptimizerEntries,
  ParameterGroup,
  ParametersOrGroups,
  TorchSetting,
} from "./optimizer.ts";

/** One group of parameters. */
interface Part<O> {
  readonly settings: O;
  /** Its learning rate over the optimiser's. */
  readonly proportion: number;
  readonly lr: Tensor;
  readonly groups: readonly FlatGroup[];
}

/**
 * Base of optimisers with one kernel for all parameters of a group. Constructing one moves the parameters into flat buffers;
 * their handles stay valid.
 */
export abstract class FlatOptimizer<O extends { readonly lr: number }> implements Optimizer {
  /** In the order of the parameters. */
  readonly groups: readonly FlatGroup[];
  readonly #parts: readonly Part<O>[];
  readonly #parameters: readonly Tensor[];
  #rate: number;
  #gathered = false;

  /**
   * Moves the parameters; recordings made with them before are no longer valid.
   *
   * @param options with every default filled in
   * @param check throws for options that do not go together, also those of a group
   * @throws RangeError without parameters or with one twice
   */
  constructor(
    parameters: ParametersOrGroups<O>,
    readonly options: O,
    readonly layout: StateLayout,
    check: (options: O) => void,
  ) {
    check(options);
    const parts = groupsOf(parameters, options);
    this.#parameters = parts.flatMap(({ params }) => params);
    if (this.#parameters.length === 0) throw new RangeError("an optimiser without parameters");
    if (new Set(this.#parameters).size < this.#parameters.length) {
      throw new RangeError("an optimiser was given a parameter twice");
    }
    for (const { settings } of parts) check(settings);
    const { gpu } = this.#parameters[0];
    this.#rate = options.lr;
    this.#parts = parts.map(({ params, settings, proportion }) => ({
      settings,
      proportion,
      lr: tensor(new Float32Array([settings.lr]), null, { device: gpu }).keep(),
      groups: splitByRoom(params, gpu).map((some) => new FlatGroup(gpu, some, layout)),
    }));
    this.groups = this.#parts.flatMap(({ groups }) => groups);
  }

  /** Names of the states of every parameter. */
  get stateNames(): readonly string[] {
    return [...this.layout.states, ...this.layout.counters ?? []];
  }

  /** Learning rate of the next step. */
  get lr(): number {
    return this.#rate;
  }

  /** Changes the learning rate, also of recorded steps that are replayed from now on. */
  setLr(lr: number): void {
    if (lr === this.#rate) return;
    this.#rate = lr;
    for (const part of this.#parts) part.lr.copy_(new Float32Array([lr * part.proportion]));
  }

  /** Forgets the gradients of all parameters, gathered ones too. */
  zeroGrad(): void {
    this.#gathered = false;
    for (const parameter of this.#parameters) {
      parameter.grad?.dispose();
      parameter.grad = null;
    }
  }

  /** Copies the gradients into flat buffers and returns these, to be changed in place before the step. */
  gatherGradients(): Tensor[] {
    const due = this.#gathered ? [] : this.groups;
    for (const group of due) group.gather();
    this.#gathered = true;
    return this.groups.map((group) => group.gradients);
  }

  /** Adds the gradients times `weight`, one float32 on the device, to those in the flat buffers. */
  accumulateGradients(weight: Tensor): void {
    for (const group of this.groups) group.accumulate(weight);
    this.#gathered = true;
  }

  /** Sets the flat gradients to zero, on the device. */
  clearGradients(): void {
    for (const { gradients } of this.groups) gradients.zero_();
  }

  /** Updates every parameter that has a gradient, then frees the results of this step's ops. */
  step(scaling?: GradientScaling): void {
    this.gatherGradients();
    this.#gathered = false;
    for (const { groups, settings, lr } of this.#parts) {
      for (const group of groups) this.update(group, settings, lr, scaling);
    }
    endStep();
  }

  /** The states by `name.index`, the index that of the parameter over all groups. */
  stateDict(): Map<string, Tensor> {
    const slots = this.groups.flatMap((group) => group.slots);
    return new Map(slots.flatMap(({ state }, i) => {
      return [...state].map(([name, tensor]) => [`${name}.${i}`, tensor] as const);
    }));
  }

  /**
   * Loads states.
   *
   * @throws RangeError when they belong to other parameters or to another optimiser
   */
  loadStateDict(entries: OptimizerEntries): void {
    for (const [name, state] of this.stateDict()) {
      const entry = entries.get(name);
      if (entry && sameShape(entry.shape, state.shape)) continue;
      const found = entry ? formatShape(entry.shape) : "missing";
      throw new RangeError(
        `the optimiser's state does not fit: ${name} is ${found}, ${
          formatShape(state.shape)
        } wanted`,
      );
    }
    const places = this.groups.flatMap((group) => group.slots.map((slot) => ({ group, slot })));
    for (const [i, { group, slot }] of places.entries()) {
      for (const name of this.stateNames) {
        group.loadState(slot, name, entries.get(`${name}.${i}`)!.data);
      }
    }
  }

  /** Settings of every group of parameters as torch's `param_groups` has them, but `params`, the indices. */
  paramGroups(): { settings: Record<string, TorchSetting>; params: number[] }[] {
    let next = 0;
    return this.#parts.map(({ settings, proportion, groups }) => {
      const lr = this.#rate * proportion;
      const params = groups.flatMap((group) => group.slots.map(() => next++));
      return { settings: { lr, ...this.torchSettings(settings) }, params };
    });
  }

  /** Frees gradients and state; parameters keep their values. */
  dispose(): void {
    this.zeroGrad();
    for (const group of this.groups) group.dispose();
    for (const { lr } of this.#parts) lr.dispose();
  }

  /** Dispatches the kernel over one flat group; `lr` holds one float32. */
  protected abstract update(
    group: FlatGroup,
    settings: O,
    lr: Tensor,
    scaling: GradientScaling | undefined,
  ): void;

  /** The settings of a group in torch's names and order, but the learning rate. */
  protected abstract torchSettings(settings: O): Record<string, TorchSetting>;
}

function groupsOf<O extends { readonly lr: number }>(
  parameters: ParametersOrGroups<O>,
  options: O,
): { params: Tensor[]; settings: O; proportion: number }[] {
  const given: (Tensor | ParameterGroup<O>)[] = [...parameters];
  const groups = given.filter((each): each is ParameterGroup<O> => "params" in each);
  if (groups.length === 0) {
    return [{ params: given as Tensor[], settings: options, proportion: 1 }];
  }
  if (groups.length < given.length) {
    throw new RangeError("an optimiser was given parameters and groups of them; give one of both");
  }
  return groups.map(({ params, lrScale, names: _names, ...own }) => {
    const settings = { ...options, ...own } as unknown as O;
    const given = lrScale ?? (settings.lr === options.lr ? 1 : settings.lr / options.lr);
    const lr = lrScale === undefined ? settings.lr : options.lr * lrScale;
    return { params: [...params], settings: { ...settings, lr }, proportion: given };
  });
}
