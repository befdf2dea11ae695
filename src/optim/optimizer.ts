import type { Choice } from "../config/choices.ts";
import type { Section, ValuesOf } from "../config/field.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { FlatGroup } from "./flat_group.ts";

/** How the gradients of a scaled loss are used; a `GradScaler` makes it. */
export interface GradientScaling {
  /** What the loss was multiplied by, one float32. */
  readonly scale: Tensor;
  /** Whether the step is left out, one uint32. */
  readonly overflow: Tensor;
}

/** Numbers of a state dict by `name.index`, such as `momentum_buffer.0`. */
export type OptimizerEntries = ReadonlyMap<
  string,
  { readonly shape: readonly number[]; readonly data: Float32Array }
>;

/** A setting of torch's `param_groups`: a number is a float there, a bigint an int, a list a tuple of floats. */
export type TorchSetting = number | bigint | boolean | null | readonly number[];

/** What moves parameters along their gradients. PyTorch: `torch.optim.Optimizer`. */
export interface Optimizer {
  /** The parameters with their gradients and states, in flat buffers. */
  readonly groups: readonly FlatGroup[];
  /** Names of the states of every parameter, such as `momentum_buffer`. */
  readonly stateNames: readonly string[];
  /** Learning rate of the next step. */
  readonly lr: number;
  /** Changes the learning rate, also of recorded steps that are replayed from now on. Groups with one of their own keep its proportion. */
  setLr(lr: number): void;
  /** Forgets the gradients of all parameters, gathered ones too. */
  zeroGrad(): void;
  /**
   * Copies the gradients into flat buffers and returns these, to be changed in place (summed over processes, clipped) before
   * {@linkcode Optimizer.step}, which else does it itself. Until that step, or {@linkcode Optimizer.zeroGrad}, further calls
   * return the buffers as they are.
   */
  gatherGradients(): Tensor[];
  /**
   * Adds the gradients times `weight`, one float32 on the device, to those in the flat buffers, which
   * {@linkcode Optimizer.step} then uses; {@linkcode Optimizer.clearGradients} starts the next sum.
   */
  accumulateGradients(weight: Tensor): void;
  /** Sets the flat gradients to zero, on the device. */
  clearGradients(): void;
  /**
   * Updates every parameter that has a gradient, then frees the results of this step's ops (outside of an explicit scope;
   * see `endStep`).
   *
   * @param scaling when the gradients are those of a scaled loss
   */
  step(scaling?: GradientScaling): void;
  /** The states by `name.index`, the index that of the parameter over all groups. */
  stateDict(): Map<string, Tensor>;
  /**
   * Loads states.
   *
   * @throws RangeError when they belong to other parameters or to another optimiser
   */
  loadStateDict(entries: OptimizerEntries): void;
  /** Settings of every group of parameters as torch's `param_groups` has them, but `params`, the indices. */
  paramGroups(): { settings: Readonly<Record<string, TorchSetting>>; params: readonly number[] }[];
  /** Frees gradients and state; parameters keep their values. */
  dispose(): void;
}

/** Settings of the section SOLVER that every optimiser and schedule may read. */
export interface SolverSettings {
  /** The optimiser. */
  readonly TYPE: string;
  /** Learning rate behind the warm-up. */
  readonly LR: number;
  /** The schedule. */
  readonly LR_SCHEDULE: string;
  /** Epochs of the warm-up, also parts of one. */
  readonly WARMUP_EPOCHS: number;
  /** Part of LR that the warm-up starts at. */
  readonly WARMUP_START_FACTOR: number;
  /** Weight decay as PyTorch's optimiser of the name applies it. */
  readonly WEIGHT_DECAY: number;
  /** Epochs of the whole run. */
  readonly EPOCHS: number;
  /** Images of a batch. */
  readonly BATCH_SIZE: number;
}

/** What the configuration knows of an optimiser: the keys of SOLVER that it alone reads, and how it is built. */
export interface OptimizerDefinition<K extends Section = Section> extends Choice {
  /** By their names in SOLVER. */
  readonly keys: K;
  /** Whether `build` takes groups of parameters; where not, settings that make some are refused. Default false. */
  readonly groups?: boolean;
  /**
   * The optimiser that the configuration describes; the settings are its keys and those of every run. Where these give
   * parameters learning rates or weight decays of their own, `groups` are the same parameters with them, else null.
   */
  readonly build: (
    parameters: Iterable<Tensor>,
    solver: SolverSettings & ValuesOf<K>,
    groups: readonly ParameterGroup<DecaySetting>[] | null,
  ) => Optimizer;
}

/** What a group of parameters has of its own beside its learning rate. */
export interface DecaySetting {
  /** Weight decay, in place of WEIGHT_DECAY. */
  readonly weightDecay: number;
}

/** Gives a definition the type of its keys. */
export function defineOptimizer<K extends Section>(
  definition: OptimizerDefinition<K>,
): OptimizerDefinition<K> {
  return definition;
}

/** Parameters with settings of their own; those that are missing are the optimiser's. */
export type ParameterGroup<O> = {
  /** The parameters. */
  readonly params: Iterable<Tensor>;
  /** Their learning rate over the optimiser's, in place of `lr`. timm: `lr_scale`. */
  readonly lrScale?: number;
  /** Their names, for whoever looks at the group. PyTorch: `param_names`. */
  readonly names?: readonly string[];
} & Partial<O>;

/** What an optimiser is made for: parameters, or groups of them. */
export type ParametersOrGroups<O> = Iterable<Tensor> | Iterable<ParameterGroup<O>>;
