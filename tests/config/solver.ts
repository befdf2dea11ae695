import type { Config } from "../../src/config/config.ts";
// Registers the optimisers and the schedules, whose keys are in SOLVER then.
import "../../src/optim/registry.ts";

/** SOLVER with the keys of the optimisers and the schedules, which the type of a configuration does not know. */
export function solverOf({ SOLVER }: Config) {
  return SOLVER as Config["SOLVER"] & {
    LR_DECAY_STAGES: number[];
    LR_DECAY_RATE: number;
    LR_MIN: number;
    MOMENTUM: number;
    NESTEROV: boolean;
    BETAS: number[];
    EPS: number;
  };
}
