import type { Section } from "../config/field.ts";
import { registerChoice } from "../config/fields.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { adamw } from "./adamw.ts";
import type { Optimizer, OptimizerDefinition, SolverSettings } from "./optimizer.ts";
import {
  cosineSchedule,
  type LearningRate,
  type ScheduleDefinition,
  stepSchedule,
  warmUp,
} from "./schedules.ts";
import { sgd } from "./sgd.ts";

const optimizers = new Map<string, OptimizerDefinition>();
const schedules = new Map<string, ScheduleDefinition>();

/**
 * Makes an optimiser one of SOLVER.TYPE, with keys of its own in SOLVER.
 *
 * @throws UserError where the name or a key is taken
 */
export function registerOptimizer<K extends Section>(
  name: string,
  definition: OptimizerDefinition<K>,
): void {
  registerChoice("SOLVER.TYPE", name, definition);
  optimizers.set(name, definition as unknown as OptimizerDefinition);
}

/**
 * Makes a schedule one of SOLVER.LR_SCHEDULE, with keys of its own in SOLVER.
 *
 * @throws UserError where the name or a key is taken
 */
export function registerSchedule<K extends Section>(
  name: string,
  definition: ScheduleDefinition<K>,
): void {
  registerChoice("SOLVER.LR_SCHEDULE", name, definition);
  schedules.set(name, definition as unknown as ScheduleDefinition);
}

registerOptimizer("SGD", sgd);
registerOptimizer("AdamW", adamw);
registerSchedule("step", stepSchedule);
registerSchedule("cosine", cosineSchedule);

/**
 * The optimiser that a configuration describes.
 *
 * @throws RangeError where none is registered under SOLVER.TYPE
 */
export function buildOptimizer(parameters: Iterable<Tensor>, solver: SolverSettings): Optimizer {
  return found(optimizers, "SOLVER.TYPE", solver.TYPE).build(parameters, solver as never);
}

/**
 * The learning rate that a configuration describes, with its warm-up.
 *
 * @throws RangeError where none is registered under SOLVER.LR_SCHEDULE
 */
export function buildSchedule(solver: SolverSettings): LearningRate {
  const { LR, LR_SCHEDULE, WARMUP_EPOCHS, WARMUP_START_FACTOR } = solver;
  const schedule = found(schedules, "SOLVER.LR_SCHEDULE", LR_SCHEDULE).build(solver as never);
  return WARMUP_EPOCHS > 0 ? warmUp(schedule, LR, WARMUP_EPOCHS, WARMUP_START_FACTOR) : schedule;
}

function found<D>(definitions: ReadonlyMap<string, D>, key: string, name: string): D {
  const definition = definitions.get(name);
  if (definition) return definition;
  throw new RangeError(
    `${key} ${name} is not registered; there are ${[...definitions.keys()].join(", ")}`,
  );
}
