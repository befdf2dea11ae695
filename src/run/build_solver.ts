import type { Config } from "../config/config.ts";
import type { Distiller } from "../distill/distiller.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Module } from "../nn/module.ts";
import { GradScaler } from "../optim/grad_scaler.ts";
import { ModelEma } from "../optim/model_ema.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { parameterGroups } from "../optim/parameter_groups.ts";
import { buildOptimizer } from "../optim/registry.ts";
import { freeze } from "../train/freeze.ts";

/** What the section SOLVER makes of a distiller. */
export interface Solver {
  /** Moves the parameters. */
  readonly optimizer: Optimizer;
  /** Their names in its order: those of modules beside the student have the module's name before them. */
  readonly names: readonly string[];
  /** Scales the losses; null without mixed precision. */
  readonly scaler: GradScaler | null;
  /** The student's average; null where there is none. */
  readonly ema: ModelEma | null;
  /** Batch normalisation that stays in evaluation mode. */
  readonly frozen: readonly Module[];
}

/**
 * Freezes what SOLVER.FREEZE names, and builds what moves the rest.
 *
 * @param resources takes what is to be freed
 * @param note told in one sentence what is frozen
 * @throws UserError where a name in SOLVER stands for no parameter, or the optimiser takes no groups
 */
export function buildSolver(
  { gpu, config: { SOLVER } }: { readonly gpu: Gpu; readonly config: Config },
  distiller: Distiller,
  resources: DisposableStack,
  note: (message: string) => void,
): Solver {
  const { student } = distiller;
  const { names: kept, norms: frozen } = freeze(student, SOLVER.FREEZE);
  const all = student.namedParameters();
  if (kept.size > 0) {
    const norms = frozen.length > 0 ? `, and batch normalisation in ${frozen.length} places` : "";
    note(`SOLVER.FREEZE: ${kept.size} of the student's ${all.size} parameters stay${norms}`);
  }
  const named = new Map([...all].filter(([name]) => !kept.has(name)));
  for (const [beside, module] of Object.entries(distiller.extraModules)) {
    for (const [name, each] of module.namedParameters()) named.set(`${beside}.${name}`, each);
  }
  const groups = parameterGroups(named, SOLVER);
  const optimizer = resources.adopt(
    buildOptimizer([...named.values()], SOLVER, groups),
    (it) => it.dispose(),
  );
  const scaler = SOLVER.AMP ? new GradScaler(gpu) : null;
  resources.defer(() => scaler?.dispose());
  const ema = SOLVER.EMA_DECAY > 0
    ? new ModelEma(student.stateDict(), optimizer.groups, SOLVER.EMA_DECAY)
    : null;
  resources.defer(() => ema?.dispose());
  const names = groups?.flatMap((group) => group.names) ?? [...named.keys()];
  return { optimizer, names, scaler, ema, frozen };
}
