import type { Section } from "../config/field.ts";
import { addChoice } from "../config/keys.ts";
import { UserError } from "../errors.ts";
import { registeringModule } from "../registry/imports.ts";
import { Registry } from "../registry/registry.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { adamw } from "./adamw.ts";
import type { Optimizer, OptimizerDefinition, SolverSettings } from "./optimizer.ts";
import type { SolverGroup } from "./parameter_groups.ts";
import {
  cosineSchedule,
  type LearningRate,
  type ScheduleDefinition,
  stepSchedule,
  warmUp,
} from "./schedules.ts";
import { sgd } from "./sgd.ts";

const NAME: readonly [RegExp, string] = [
  /^[A-Za-z][A-Za-z0-9_]*$/,
  "a word of letters, digits and underscores, such as RMSprop",
];
const OPTIMIZERS = new Registry<OptimizerDefinition>("optimiser", "registerOptimizer", NAME);
const SCHEDULES = new Registry<ScheduleDefinition>("schedule", "registerSchedule", NAME);

/**
 * Makes an optimiser one of SOLVER.TYPE, with keys of its own in SOLVER.
 *
 * @throws RegistrationError where the name or a key is taken
 */
export function registerOptimizer<K extends Section>(
  name: string,
  definition: OptimizerDefinition<K>,
): void {
  OPTIMIZERS.check(name);
  addChoice("SOLVER.TYPE", name, { ...definition, imported: registeringModule() !== null });
  OPTIMIZERS.add(name, definition as unknown as OptimizerDefinition);
}

/**
 * Makes a schedule one of SOLVER.LR_SCHEDULE, with keys of its own in SOLVER.
 *
 * @throws RegistrationError where the name or a key is taken
 */
export function registerSchedule<K extends Section>(
  name: string,
  definition: ScheduleDefinition<K>,
): void {
  SCHEDULES.check(name);
  addChoice("SOLVER.LR_SCHEDULE", name, { ...definition, imported: registeringModule() !== null });
  SCHEDULES.add(name, definition as unknown as ScheduleDefinition);
}

registerOptimizer("SGD", sgd);
registerOptimizer("AdamW", adamw);
registerSchedule("step", stepSchedule);
registerSchedule("cosine", cosineSchedule);

/**
 * The optimiser that a configuration describes.
 *
 * @param groups the same parameters in groups, where the settings make some
 * @throws RangeError where none is registered under SOLVER.TYPE, UserError where it takes no groups
 */
export function buildOptimizer(
  parameters: Iterable<Tensor>,
  solver: SolverSettings,
  groups: readonly SolverGroup[] | null = null,
): Optimizer {
  const definition = found(OPTIMIZERS, "SOLVER.TYPE", solver.TYPE);
  if (groups && !definition.groups) {
    throw new UserError(
      `the optimiser ${solver.TYPE} takes no groups of parameters; leave SOLVER.LR_SCALE, ` +
        "SOLVER.WEIGHT_DECAY_SCALE and SOLVER.NO_DECAY_NORM_BIAS out, or register it with groups: true",
    );
  }
  return definition.build(parameters, solver as never, groups);
}

/**
 * The learning rate that a configuration describes, with its warm-up.
 *
 * @throws RangeError where none is registered under SOLVER.LR_SCHEDULE
 */
export function buildSchedule(solver: SolverSettings): LearningRate {
  const { LR, LR_SCHEDULE, WARMUP_EPOCHS, WARMUP_START_FACTOR } = solver;
  const schedule = found(SCHEDULES, "SOLVER.LR_SCHEDULE", LR_SCHEDULE).build(solver as never);
  return WARMUP_EPOCHS > 0 ? warmUp(schedule, LR, WARMUP_EPOCHS, WARMUP_START_FACTOR) : schedule;
}

function found<D>(definitions: Registry<D>, key: string, name: string): D {
  const definition = definitions.get(name);
  if (definition) return definition;
  throw new RangeError(
    `${key} ${name} is not registered; there are ${definitions.names.join(", ")}`,
  );
}
