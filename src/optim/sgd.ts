import code from "../../kernels/optim/sgd.wgsl" with { type: "text" };
import { bool, float } from "../config/field.ts";
import { Kernel } from "../gpu/kernel.ts";
import { linearGrid } from "../ops/grid.ts";
import { checkOptions, type OptionNames } from "../options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { FlatGroup } from "./flat_group.ts";
import { FlatOptimizer } from "./flat_optimizer.ts";
import {
  defineOptimizer,
  type GradientScaling,
  type ParametersOrGroups,
  type TorchSetting,
} from "./optimizer.ts";

const sgdKernel = new Kernel("sgd", code);

/** Options of {@linkcode SGD}. */
export interface SGDOptions {
  /** Learning rate. */
  readonly lr: number;
  /** Default 0. */
  readonly momentum?: number;
  /** L2 penalty added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Nesterov momentum. Default false. */
  readonly nesterov?: boolean;
}

const DEFAULTS = { momentum: 0, weightDecay: 0, nesterov: false };
const OPTIONS: OptionNames<SGDOptions> = {
  lr: true,
  momentum: true,
  weightDecay: true,
  nesterov: true,
};

/**
 * Stochastic gradient descent with momentum, one kernel for all parameters. PyTorch: `torch.optim.SGD` without `dampening`
 * and `maximize`, which are refused as every option that it does not have.
 *
 * Constructing it moves the parameters into one buffer; their handles stay valid.
 */
export class SGD extends FlatOptimizer<Required<SGDOptions>> {
  /**
   * Moves the parameters; recordings made with them before are no longer valid.
   *
   * @throws RangeError without parameters, with one twice, or with Nesterov but no momentum; TypeError for an option that it
   * does not have
   */
  constructor(parameters: ParametersOrGroups<SGDOptions>, options: SGDOptions) {
    super(
      parameters as ParametersOrGroups<Required<SGDOptions>>,
      { ...DEFAULTS, ...options },
      { states: ["momentum_buffer"] },
      check,
    );
  }

  /** Dispatches the kernel. */
  protected override update(
    group: FlatGroup,
    { momentum, weightDecay, nesterov }: Required<SGDOptions>,
    lr: Tensor,
    scaling?: GradientScaling,
  ): void {
    group.values.gpu.dispatch(sgdKernel, {
      bindings: {
        lr: lr.storage,
        enabled: group.enabled.storage,
        gradients: group.gradients.storage,
        values: group.values.storage,
        buffers: group.states.momentum_buffer.storage,
        ...(scaling ? { scale: scaling.scale.storage, overflow: scaling.overflow.storage } : {}),
      },
      params: { weightDecay, momentum },
      values: { NESTEROV: Number(nesterov), SCALED: Number(scaling !== undefined) },
      workgroups: linearGrid(group.blocks),
    });
  }

  /** The settings as `torch.optim.SGD` saves them. */
  protected override torchSettings(
    { momentum, weightDecay, nesterov }: Required<SGDOptions>,
  ): Record<string, TorchSetting> {
    return {
      momentum,
      dampening: 0n,
      weight_decay: weightDecay,
      nesterov,
      maximize: false,
      foreach: null,
      differentiable: false,
      fused: null,
    };
  }
}

/** SOLVER.TYPE SGD. */
export const sgd = defineOptimizer({
  doc: "Stochastic gradient descent with momentum, as PyTorch's.",
  keys: {
    MOMENTUM: float(0.9, "Momentum; NESTEROV wants one above 0.", { min: 0, below: 1 }),
    NESTEROV: bool(
      true,
      "Ours: Nesterov's form of momentum; WKD's code always trains with it, mdistiller's without.",
    ),
  },
  check: ({ MOMENTUM, NESTEROV }) =>
    !NESTEROV || MOMENTUM !== 0 ? null : {
      key: "MOMENTUM",
      message: "SOLVER.NESTEROV is a form of momentum, but SOLVER.MOMENTUM is 0; set " +
        "SOLVER.NESTEROV False or a momentum above 0",
    },
  groups: true,
  build: (parameters, { LR, MOMENTUM, WEIGHT_DECAY, NESTEROV }, groups) =>
    new SGD(groups ?? parameters, {
      lr: LR,
      momentum: MOMENTUM,
      weightDecay: WEIGHT_DECAY,
      nesterov: NESTEROV,
    }),
});

function check(options: Required<SGDOptions>): void {
  checkOptions("SGD()", options, OPTIONS);
  if (options.nesterov && !(options.momentum > 0)) {
    throw new RangeError("Nesterov momentum wants a momentum above 0");
  }
}
