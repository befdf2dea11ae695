import code from "../../kernels/optim/sgd.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { linearGrid } from "../ops/grid.ts";
import { tensor } from "../tensor/create.ts";
import { endStep } from "../tensor/scope.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { BLOCK, FlatGroup } from "./flat_group.ts";

const sgdKernel = new Kernel("sgd", code);

/** Options of {@linkcode SGD}. */
export interface SGDOptions {
  /** Learning rate. */
  lr: number;
  /** Default 0. */
  momentum?: number;
  /** L2 penalty added to the gradient. Default 0. */
  weightDecay?: number;
  /** Nesterov momentum. Default false. */
  nesterov?: boolean;
}

/** How the gradients of a scaled loss are used; a `GradScaler` makes it. */
export interface GradientScaling {
  /** What the loss was multiplied by, one float32. */
  readonly scale: Tensor;
  /** Whether the step is left out, one uint32. */
  readonly overflow: Tensor;
}

/**
 * Stochastic gradient descent with momentum, one kernel for all parameters. PyTorch:
 * `torch.optim.SGD` (dampening 0).
 *
 * Constructing it moves the parameters into one buffer; their handles stay valid.
 */
export class SGD {
  readonly #groups: FlatGroup[] = [];
  readonly #parameters: readonly Tensor[];
  readonly #lr: Tensor;
  #rate: number;
  #gathered = false;

  /**
   * Moves the parameters; recordings made with them before are no longer valid.
   *
   * @throws RangeError without parameters, with one twice, or with Nesterov but no momentum.
   */
  constructor(parameters: Iterable<Tensor>, readonly options: SGDOptions) {
    this.#parameters = [...parameters];
    if (this.#parameters.length === 0) throw new RangeError("an optimiser without parameters");
    if (new Set(this.#parameters).size < this.#parameters.length) {
      throw new RangeError("an optimiser was given a parameter twice");
    }
    if (options.nesterov && !((options.momentum ?? 0) > 0)) {
      throw new RangeError("Nesterov momentum wants a momentum above 0");
    }
    const { gpu } = this.#parameters[0];
    const room = gpu.account.maxTensor / 4;
    for (const part of split(this.#parameters, room)) this.#groups.push(new FlatGroup(gpu, part));
    this.#rate = options.lr;
    this.#lr = tensor(new Float32Array([options.lr]), null, { device: gpu }).keep();
  }

  /** The parameters with their gradients and momenta, in flat buffers. */
  get groups(): readonly FlatGroup[] {
    return this.#groups;
  }

  /** Learning rate of the next step. */
  get lr(): number {
    return this.#rate;
  }

  /** Changes the learning rate, also of recorded steps that are replayed from now on. */
  setLr(lr: number): void {
    this.#rate = lr;
    this.#lr.copy_(new Float32Array([lr]));
  }

  /** Forgets the gradients of all parameters, gathered ones too. */
  zeroGrad(): void {
    this.#gathered = false;
    for (const parameter of this.#parameters) {
      parameter.grad?.dispose();
      parameter.grad = null;
    }
  }

  /**
   * Copies the gradients into flat buffers and returns these, to be changed in place (summed over
   * processes, scaled) before {@linkcode SGD.step}, which else does it itself. Until that step, or
   * {@linkcode SGD.zeroGrad}, further calls return the buffers as they are.
   */
  gatherGradients(): Tensor[] {
    const due = this.#gathered ? [] : this.#groups;
    for (const group of due) group.gather();
    this.#gathered = true;
    return this.#groups.map((group) => group.gradients);
  }

  /**
   * Updates every parameter that has a gradient, then frees the results of this step's ops (outside
   * of an explicit scope; see `endStep`).
   *
   * @param scaling when the gradients are those of a scaled loss.
   */
  step(scaling?: GradientScaling): void {
    const { momentum = 0, weightDecay = 0, nesterov = false } = this.options;
    this.gatherGradients();
    this.#gathered = false;
    for (const group of this.#groups) {
      group.values.gpu.dispatch(sgdKernel, {
        bindings: {
          lr: this.#lr.storage,
          enabled: group.enabled.storage,
          gradients: group.gradients.storage,
          values: group.values.storage,
          buffers: group.states.storage,
          ...(scaling ? { scale: scaling.scale.storage, overflow: scaling.overflow.storage } : {}),
        },
        params: { weightDecay, momentum },
        values: { NESTEROV: Number(nesterov), SCALED: Number(scaling !== undefined) },
        workgroups: linearGrid(group.blocks),
      });
    }
    endStep();
  }

  /** Momentum buffers by the parameter's index. */
  stateDict(): Map<string, Tensor> {
    const states = this.#groups.flatMap((group) => group.slots.map((slot) => slot.state));
    return new Map(states.map((state, i) => [`momentum_buffer.${i}`, state]));
  }

  /**
   * Loads momentum buffers.
   *
   * @throws RangeError when they belong to other parameters.
   */
  loadStateDict(
    entries: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>,
  ): void {
    const own = this.stateDict();
    for (const [name, state] of own) {
      const entry = entries.get(name);
      if (!entry || !sameShape(entry.shape, state.shape)) {
        throw new RangeError(
          `the optimiser's state does not fit: ${name} is ${
            entry ? formatShape(entry.shape) : "missing"
          }, ${formatShape(state.shape)} wanted`,
        );
      }
    }
    for (const [name, state] of own) state.copy_(entries.get(name)!.data);
  }

  /** Frees gradients and state; parameters keep their values. */
  dispose(): void {
    this.zeroGrad();
    for (const group of this.#groups) group.dispose();
    this.#lr.dispose();
  }
}

function split(parameters: readonly Tensor[], room: number): Tensor[][] {
  const parts: Tensor[][] = [];
  let used = Infinity;
  for (const parameter of parameters) {
    const size = Math.ceil(parameter.numel / BLOCK) * BLOCK;
    if (used + size > room) {
      parts.push([]);
      used = 0;
    }
    parts.at(-1)!.push(parameter);
    used += size;
  }
  return parts;
}
