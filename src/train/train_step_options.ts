import type { Distiller } from "../distill/distiller.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { GradScaler } from "../optim/grad_scaler.ts";
import type { ModelEma } from "../optim/model_ema.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { LabelSettings } from "./label_settings.ts";
import type { SharedSettings } from "./shared_step.ts";

/**
 * Called between backward and update, before every update whether replayed or not, with the flat buffers of gradients (of the
 * loss times the scale, in mixed precision), which it may change in place: to share them among processes, or to look at
 * them. It is awaited; what it queues on the device runs before the update.
 */
export type GradientHook = (gradients: readonly Tensor[]) => void | Promise<void>;

/** Options of `TrainStep`. */
export interface TrainStepOptions extends Omit<LabelSettings, "mixing"> {
  /** The device. */
  readonly gpu: Gpu;
  /** Makes the losses. */
  readonly distiller: Distiller;
  /** Moves the parameters. */
  readonly optimizer: Optimizer;
  /** Turns mixed precision on: networks in float16, this scales their losses. */
  readonly scaler?: GradScaler | null;
  /** [N, C, H, W] of a whole batch; where processes share it, of this one's part. */
  readonly imageShape: Shape;
  /** Whether several batches may make one update; takes the memory of the gradients once more. Default false. */
  readonly accumulate?: boolean;
  /** Clips the l2 norm of all gradients to this, as `torch.nn.utils.clip_grad_norm_`; 0, the default, leaves them. */
  readonly clipNorm?: number;
  /** Moves with every update. */
  readonly ema?: ModelEma | null;
  /** Sees the gradients before every update. */
  readonly onGradients?: GradientHook;
  /** Whether batches may say how their images are mixed in pairs. Default false. */
  readonly mixes?: boolean;
  /** The processes that share each batch; default none. */
  readonly shared?: SharedSettings | null;
}
