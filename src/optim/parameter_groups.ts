import { UserError } from "../errors.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Settings that give parameters learning rates and weight decays of their own. */
export interface GroupSettings {
  /** Factors of the learning rate by {@linkcode matchesName patterns}. Default none. */
  readonly LR_SCALE?: Readonly<Record<string, number>>;
  /** Factors of the weight decay by such patterns. Default none. */
  readonly WEIGHT_DECAY_SCALE?: Readonly<Record<string, number>>;
  /** Whether biases and what has one dimension have no weight decay. Default false. */
  readonly NO_DECAY_NORM_BIAS?: boolean;
  /** Weight decay of the others. */
  readonly WEIGHT_DECAY: number;
}

/** Parameters with a learning rate and a weight decay of their own. */
export interface SolverGroup {
  /** Their names. */
  readonly names: readonly string[];
  /** The parameters. */
  readonly params: readonly Tensor[];
  /** Their learning rate over the optimiser's. */
  readonly lrScale: number;
  /** Their weight decay. */
  readonly weightDecay: number;
}

/**
 * Whether a pattern stands for a parameter's name: `*` is any text, `?` any one character, and the name of a module stands for
 * all below it, as `layer1` for `layer1.0.conv1.weight`.
 */
export function matchesName(pattern: string, name: string): boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}(?:\\..*)?$`, "s").test(name);
}

/**
 * Refuses patterns that stand for none of the names.
 *
 * @param key what holds them, for the error, such as `SOLVER.FREEZE`
 * @throws UserError naming the pattern and some of the names
 */
export function requireMatches(
  key: string,
  patterns: readonly string[],
  names: readonly string[],
): void {
  const idle = patterns.find((pattern) => !names.some((name) => matchesName(pattern, name)));
  if (idle === undefined) return;
  const parts = [...new Set(names.map((name) => name.split(".")[0]))];
  throw new UserError(
    `${key}: no parameter is called ${JSON.stringify(idle)}; their names begin with ${
      parts.join(", ")
    }, as in ${names[0]}`,
  );
}

/**
 * The groups of parameters that settings make, those without weight decay first; null where they make none and all are
 * treated alike. timm: `param_groups_weight_decay`, and `lr_scale` of a group.
 *
 * @param named the parameters to train by their names
 * @throws UserError where a pattern stands for none of them
 */
export function parameterGroups(
  named: ReadonlyMap<string, Tensor>,
  settings: GroupSettings,
): SolverGroup[] | null {
  const { LR_SCALE = {}, WEIGHT_DECAY_SCALE = {}, WEIGHT_DECAY } = settings;
  const { NO_DECAY_NORM_BIAS = false } = settings;
  const names = [...named.keys()];
  requireMatches("SOLVER.LR_SCALE", Object.keys(LR_SCALE), names);
  requireMatches("SOLVER.WEIGHT_DECAY_SCALE", Object.keys(WEIGHT_DECAY_SCALE), names);
  const scaled = Object.keys({ ...LR_SCALE, ...WEIGHT_DECAY_SCALE }).length > 0;
  if (!scaled && !NO_DECAY_NORM_BIAS) return null;
  const groups = new Map<string, { names: string[]; params: Tensor[] } & Rates>();
  for (const [name, tensor] of named) {
    const without = NO_DECAY_NORM_BIAS && (tensor.ndim <= 1 || name.endsWith(".bias"));
    const rates = {
      lrScale: factorOf(LR_SCALE, name),
      weightDecay: without ? 0 : WEIGHT_DECAY * factorOf(WEIGHT_DECAY_SCALE, name),
    };
    const key = `${rates.lrScale} ${rates.weightDecay}`;
    const group = groups.get(key) ?? { names: [], params: [], ...rates };
    groups.set(key, group);
    group.names.push(name);
    group.params.push(tensor);
  }
  return [...groups.values()].sort((a, b) =>
    Number(a.weightDecay !== 0) - Number(b.weightDecay !== 0)
  );
}

type Rates = Pick<SolverGroup, "lrScale" | "weightDecay">;

/** The factor of the first pattern that stands for a name, else 1. */
function factorOf(factors: Readonly<Record<string, number>>, name: string): number {
  return Object.entries(factors).find(([pattern]) => matchesName(pattern, name))?.[1] ?? 1;
}
