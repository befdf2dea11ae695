import { Mixer, type MixOptions } from "../data/augment/mix.ts";
import type { Distiller } from "../distill/distiller.ts";
import type { Targets } from "../distill/targets.ts";
import { UserError } from "../errors.ts";

/** What becomes of the labels of training batches; a distiller's losses follow by their `Targets`. */
export interface LabelSettings {
  /** Share of the target that the cross-entropy spreads evenly over all classes, 0 to 1; default 0. */
  readonly labelSmoothing?: number;
  /** What each class weighs in the cross-entropy, whose mean is over what the labels weigh; default 1 each. */
  readonly classWeights?: readonly number[] | null;
  /** Mixes the images of a batch in pairs (mixup, CutMix); default not at all. */
  readonly mixing?: MixOptions | null;
}

/**
 * Draws how batches are mixed; null where none is.
 *
 * @throws UserError where the distiller refuses mixed images, RangeError where a number is out of its range
 */
export function mixerOf(
  mixing: MixOptions | null | undefined,
  distiller: Distiller,
): Mixer | null {
  const mixer = mixing ? new Mixer(mixing) : null;
  if (!mixer?.on) return null;
  const { refusesMixing } = distiller;
  if (refusesMixing === undefined) return mixer;
  throw new UserError(
    `${distiller.constructor.name} cannot train on mixed images, since ${refusesMixing}; leave SOLVER.MIXUP_ALPHA and ` +
      "SOLVER.CUTMIX_ALPHA at 0",
  );
}

/**
 * Refuses settings that a distiller's losses did not follow: it made them without the targets it was given.
 *
 * @param mixes whether images are mixed
 * @throws UserError naming the settings
 */
export function requireTargetsUsed(
  { used }: Targets,
  distiller: Distiller,
  { labelSmoothing = 0, classWeights }: LabelSettings,
  mixes = false,
): void {
  const set = [
    ...(labelSmoothing > 0 ? ["label smoothing"] : []),
    ...(classWeights ? ["class weights"] : []),
    ...(mixes ? ["mixed images (mixup, CutMix)"] : []),
  ];
  if (used || set.length === 0) return;
  throw new UserError(
    `the losses of ${distiller.constructor.name} know plain labels alone, not ${
      set.join(", ")
    }; leave that out, or have ` +
      "its forwardTrain() take losses of labels from its fourth argument, targets",
  );
}
