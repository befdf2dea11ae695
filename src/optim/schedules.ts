import type { Choice } from "../config/choices.ts";
import { float, ints, type Section, type ValuesOf } from "../config/field.ts";
import type { SolverSettings } from "./optimizer.ts";

/** A moment of a run, before a step. */
export interface Moment {
  /** Epoch under way, counted from 1. */
  readonly epoch: number;
  /** Steps of it that are done. */
  readonly step: number;
  /** Steps of an epoch. */
  readonly stepsPerEpoch: number;
  /** Epochs of the whole run. */
  readonly epochs: number;
}

/** The learning rate of the step at a moment. */
export type LearningRate = (at: Moment) => number;

/** A learning rate over a run: the keys of SOLVER that it alone reads, and how it is made of these and the others. */
export interface ScheduleDefinition<K extends Section = Section> extends Choice {
  /** By their names in SOLVER. */
  readonly keys: K;
  /** What the configuration describes, behind the warm-up, which is none of its concern but that it ends at WARMUP_EPOCHS. */
  readonly build: (solver: SolverSettings & ValuesOf<K>) => LearningRate;
}

/** Epochs that are done at a moment, with the part of the one under way. */
export function epochsDone({ epoch, step, stepsPerEpoch }: Moment): number {
  return epoch - 1 + step / stepsPerEpoch;
}

/**
 * Step schedule: `base * rate ^ (number of stages before this epoch)`. mdistiller:
 * `adjust_learning_rate`.
 *
 * @param epoch counted from 1; a stage takes effect in the epoch after it.
 */
export function multiStepLr(
  base: number,
  stages: readonly number[],
  rate: number,
  epoch: number,
): number {
  return base * rate ** stages.filter((stage) => epoch > stage).length;
}

/**
 * Half a cosine from `base` to `min`. PyTorch: `torch.optim.lr_scheduler.CosineAnnealingLR`.
 *
 * @param part of the way, from 0 to 1; held at both ends
 */
export function cosineLr(base: number, min: number, part: number): number {
  const held = Math.min(Math.max(part, 0), 1);
  return min + (base - min) * (1 + Math.cos(Math.PI * held)) / 2;
}

/**
 * A learning rate with a linear rise to `base` in front of it, step by step. PyTorch:
 * `torch.optim.lr_scheduler.LinearLR` in a `SequentialLR`.
 *
 * @param base what the rise ends at
 * @param epochs that it takes, also parts of one; 0 is none
 * @param factor what it starts at, times `base`
 */
export function warmUp(
  schedule: LearningRate,
  base: number,
  epochs: number,
  factor: number,
): LearningRate {
  return (at) => {
    const done = epochsDone(at);
    return done < epochs ? base * (factor + (1 - factor) * done / epochs) : schedule(at);
  };
}

/** SOLVER.LR_SCHEDULE step: the authors' steps, which are counted from the run's start, with a warm-up too. */
export const stepSchedule = define({
  doc: "Drops after chosen epochs, as the authors'.",
  keys: {
    LR_DECAY_STAGES: ints(
      [150, 180, 210],
      "The learning rate is multiplied by LR_DECAY_RATE after each of these epochs.",
      { min: 0 },
    ),
    LR_DECAY_RATE: float(0.1, "Factor of one learning rate drop.", { above: 0 }),
  },
  build: ({ LR, LR_DECAY_STAGES, LR_DECAY_RATE }) => ({ epoch }) =>
    multiStepLr(LR, LR_DECAY_STAGES, LR_DECAY_RATE, epoch),
});

/** SOLVER.LR_SCHEDULE cosine: half a cosine from the warm-up's end to the run's, step by step. */
export const cosineSchedule = define({
  doc: "Half a cosine over the run, step by step (Loshchilov and Hutter, 2017).",
  keys: { LR_MIN: float(0, "Ours: learning rate that the cosine ends at.", { min: 0 }) },
  check: ({ LR, LR_MIN }) =>
    Number(LR_MIN) <= Number(LR) ? null : {
      key: "LR_MIN",
      message: `SOLVER.LR_MIN ${LR_MIN} is above SOLVER.LR ${LR}, which the cosine comes down ` +
        "from; lower it",
    },
  build: ({ LR, LR_MIN, WARMUP_EPOCHS }) => (at) => {
    const length = at.epochs - WARMUP_EPOCHS;
    return cosineLr(LR, LR_MIN, length > 0 ? (epochsDone(at) - WARMUP_EPOCHS) / length : 1);
  },
});

/** Lets the types of the keys be found. */
function define<K extends Section>(definition: ScheduleDefinition<K>): ScheduleDefinition<K> {
  return definition;
}
