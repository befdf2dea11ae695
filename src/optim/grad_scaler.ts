import finiteCode from "../../kernels/optim/check_finite.wgsl" with { type: "text" };
import updateCode from "../../kernels/optim/update_scale.wgsl" with { type: "text" };
import type { Gpu } from "../gpu/gpu.ts";
import { Kernel } from "../gpu/kernel.ts";
import { requireHalf } from "../gpu/require_half.ts";
import { mul } from "../ops/elementwise/binary.ts";
import { linearGrid } from "../ops/grid.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { clipGradNorm } from "./clip_grad_norm.ts";
import type { FlatGroup } from "./flat_group.ts";
import type { Optimizer } from "./optimizer.ts";

const finiteKernel = new Kernel("check_finite", finiteCode);
const updateKernel = new Kernel("update_scale", updateCode);

/** Options of {@linkcode GradScaler}; powers of two keep the update free of rounding. */
export interface GradScalerOptions {
  /** Scale of the first step. Default 65536. */
  initScale?: number;
  /** Factor of the scale after `growthInterval` good steps. Default 2. */
  growthFactor?: number;
  /** Factor of the scale after a step that was skipped. Default 0.5. */
  backoffFactor?: number;
  /** Good steps in a row before the scale grows. Default 2000. */
  growthInterval?: number;
}

/** What {@linkcode GradScaler.counts} hold. */
export const SCALER_COUNTS = { goodSteps: 0, skipped: 1, skippedInARow: 2 } as const;

/**
 * Scales the loss so that small gradients survive float16, and skips steps whose gradients overflow. Everything
 * happens on the device: nothing waits, and recorded steps replay it. PyTorch: `torch.amp.GradScaler`.
 *
 * A step: `scaler.scale(loss).backward(); scaler.step(optimizer);`
 */
export class GradScaler {
  /** The factor of the next loss, a number. */
  readonly scaleFactor: Tensor;
  /** Steps since the scale changed, skipped steps in all, skipped steps in a row. */
  readonly counts: Tensor;
  readonly #overflow: Tensor;
  readonly #options: Required<GradScalerOptions>;

  /**
   * A new scale, on the device.
   *
   * @throws GpuError where the adapter has no `shader-f16`, RangeError for factors on the wrong side of 1.
   */
  constructor(gpu: Gpu, options: GradScalerOptions = {}) {
    requireHalf(gpu);
    this.#options = {
      initScale: options.initScale ?? 65536,
      growthFactor: options.growthFactor ?? 2,
      backoffFactor: options.backoffFactor ?? 0.5,
      growthInterval: options.growthInterval ?? 2000,
    };
    check(this.#options);
    this.scaleFactor = tensor([this.#options.initScale], [], { device: gpu }).keep();
    this.counts = tensor(new Float32Array(3), null, { device: gpu }).keep();
    this.#overflow = tensor(new Uint32Array(1), null, { device: gpu }).keep();
  }

  /** `loss` times the scale. */
  scale(loss: Tensor): Tensor {
    return mul(loss, this.scaleFactor);
  }

  /**
   * Updates the parameters with the gradients of a scaled loss, or leaves them and the optimiser's state as they are where
   * a gradient is infinite or NaN; then adjusts the scale. Ends the step as `Optimizer.step` does.
   *
   * @param maxNorm of the gradients without the scale, to which they are clipped; 0, the default, leaves them
   */
  step(optimizer: Optimizer, maxNorm = 0): void {
    optimizer.gatherGradients();
    for (const group of optimizer.groups) this.#check(group);
    if (maxNorm > 0) clipGradNorm(optimizer, maxNorm, this.scaleFactor);
    optimizer.step({ scale: this.scaleFactor, overflow: this.#overflow });
    const { growthFactor, backoffFactor, growthInterval } = this.#options;
    this.scaleFactor.gpu.dispatch(updateKernel, {
      bindings: {
        scale: this.scaleFactor.storage,
        counts: this.counts.storage,
        overflow: this.#overflow.storage,
      },
      params: { growth: growthFactor, backoff: backoffFactor, interval: growthInterval },
      workgroups: [1],
    });
  }

  /** Scale and counters, to be saved. */
  stateDict(): Map<string, Tensor> {
    return new Map([["scale", this.scaleFactor], ["counts", this.counts]]);
  }

  /**
   * Goes on from saved scale and counters.
   *
   * @throws RangeError when they are not those of a scaler.
   */
  loadStateDict(entries: ReadonlyMap<string, { data: Float32Array }>): void {
    const own = this.stateDict();
    for (const [name, { numel }] of own) {
      const found = entries.get(name)?.data.length ?? 0;
      if (found !== numel) {
        throw new RangeError(`the loss scaler's ${name} has ${found} numbers, ${numel} wanted`);
      }
    }
    for (const [name, state] of own) state.copy_(entries.get(name)!.data);
  }

  /** Frees the state. */
  dispose(): void {
    for (const each of [this.scaleFactor, this.counts, this.#overflow]) each.dispose();
  }

  #check({ gradients, enabled, blocks }: FlatGroup): void {
    gradients.gpu.dispatch(finiteKernel, {
      bindings: {
        enabled: enabled.storage,
        gradients: gradients.storage,
        overflow: this.#overflow.storage,
      },
      workgroups: linearGrid(blocks),
    });
  }
}

function check(
  { initScale, growthFactor, backoffFactor, growthInterval }: Required<GradScalerOptions>,
): void {
  if (!(initScale > 0 && initScale <= 2 ** 126)) {
    throw new RangeError(`a first scale of ${initScale}: above 0, at most 2^126 wanted`);
  }
  if (!(growthFactor > 1) || !(backoffFactor > 0 && backoffFactor < 1)) {
    throw new RangeError(
      `growth ${growthFactor} and backoff ${backoffFactor}: above 1, and between 0 and 1 wanted`,
    );
  }
  if (!(Number.isInteger(growthInterval) && growthInterval >= 1)) {
    throw new RangeError(`a growth interval of ${growthInterval}: a whole number from 1 wanted`);
  }
}
