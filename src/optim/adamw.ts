import code from "../../kernels/optim/adamw.wgsl" with { type: "text" };
import { float, floats } from "../config/field.ts";
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

const adamwKernel = new Kernel("adamw", code);

/** Options of {@linkcode AdamW}. */
export interface AdamWOptions {
  /** Learning rate. */
  readonly lr: number;
  /** How much of the averages of the gradient and of its square is kept from step to step. Default 0.9, 0.999. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the average square. Default 1e-8. */
  readonly eps?: number;
  /** Part of a parameter that is taken off in a step, times the learning rate. Default 0.01. */
  readonly weightDecay?: number;
  /** Refused where true: it is not implemented. */
  readonly amsgrad?: false;
}

const DEFAULTS = { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01, amsgrad: false } as const;
const OPTIONS: OptionNames<AdamWOptions> = {
  lr: true,
  betas: true,
  eps: true,
  weightDecay: true,
  amsgrad: true,
};

/**
 * Adam with decoupled weight decay and PyTorch's bias correction, one kernel for all parameters of a group. PyTorch:
 * `torch.optim.AdamW` without `amsgrad` and `maximize`, which are refused as every option that it does not have.
 *
 * Constructing it moves the parameters into one buffer; their handles stay valid. Steps are counted for each parameter on
 * the device, so that neither a missing gradient nor a step that mixed precision skips moves the correction.
 */
export class AdamW extends FlatOptimizer<Required<AdamWOptions>> {
  /**
   * Moves the parameters; recordings made with them before are no longer valid.
   *
   * @throws RangeError without parameters, with one twice, with `amsgrad`, or for a value out of range; TypeError for an
   * option that it does not have
   */
  constructor(parameters: ParametersOrGroups<AdamWOptions>, options: AdamWOptions) {
    super(
      parameters as ParametersOrGroups<Required<AdamWOptions>>,
      { ...DEFAULTS, ...options },
      { states: ["exp_avg", "exp_avg_sq"], counters: ["step"] },
      check,
    );
  }

  /** Dispatches the kernel. */
  protected override update(
    { values, gradients, enabled, states, blocks }: FlatGroup,
    { betas: [beta1, beta2], eps, weightDecay }: Required<AdamWOptions>,
    lr: Tensor,
    scaling?: GradientScaling,
  ): void {
    // A logarithm of minus infinity is none that a kernel may count with; this one is as good.
    const logarithm = (beta: number) => Math.max(Math.log(beta), -100);
    values.gpu.dispatch(adamwKernel, {
      bindings: {
        lr: lr.storage,
        enabled: enabled.storage,
        gradients: gradients.storage,
        values: values.storage,
        averages: states.exp_avg.storage,
        squares: states.exp_avg_sq.storage,
        steps: states.step.storage,
        ...(scaling ? { scale: scaling.scale.storage, overflow: scaling.overflow.storage } : {}),
      },
      params: {
        weightDecay,
        rest1: 1 - beta1,
        beta2,
        rest2: 1 - beta2,
        log1: logarithm(beta1),
        log2: logarithm(beta2),
        eps,
      },
      values: { SCALED: Number(scaling !== undefined) },
      workgroups: linearGrid(blocks),
    });
  }

  /** The settings as `torch.optim.AdamW` saves them. */
  protected override torchSettings(
    { betas, eps, weightDecay }: Required<AdamWOptions>,
  ): Record<string, TorchSetting> {
    return {
      betas,
      eps,
      weight_decay: weightDecay,
      amsgrad: false,
      maximize: false,
      foreach: null,
      capturable: false,
      differentiable: false,
      fused: null,
      decoupled_weight_decay: true,
    };
  }
}

/** SOLVER.TYPE AdamW. */
export const adamw = defineOptimizer({
  doc: "Adam with decoupled weight decay (Loshchilov and Hutter, 2019), as PyTorch's.",
  keys: {
    BETAS: floats(
      [0.9, 0.999],
      "Ours: how much of the averages of the gradient and of its square is kept from step to step.",
      { length: 2, min: 0, below: 1 },
    ),
    EPS: float(1e-8, "Ours: added to the root of the average square.", { above: 0 }),
  },
  groups: true,
  build: (parameters, { LR, BETAS: [first, second], EPS, WEIGHT_DECAY }, groups) =>
    new AdamW(groups ?? parameters, {
      lr: LR,
      betas: [first, second],
      eps: EPS,
      weightDecay: WEIGHT_DECAY,
    }),
});

function check(options: Required<AdamWOptions>): void {
  checkOptions("AdamW()", options, OPTIONS);
  const { lr, betas, eps, weightDecay, amsgrad } = options;
  if (amsgrad) throw new RangeError("AdamW has no amsgrad yet; leave it out, or give false");
  if (!(lr >= 0 && eps >= 0 && weightDecay >= 0)) {
    throw new RangeError(
      `AdamW with lr ${lr}, eps ${eps} and weight decay ${weightDecay}; wanted are numbers from 0`,
    );
  }
  if (betas.length !== 2 || !betas.every((beta) => beta >= 0 && beta < 1)) {
    throw new RangeError(
      `AdamW with betas ${betas.join(", ")}; wanted are two numbers from 0 and below 1`,
    );
  }
}
