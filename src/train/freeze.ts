import { UserError } from "../errors.ts";
import { BatchNorm2d } from "../nn/batch_norm2d.ts";
import type { Module } from "../nn/module.ts";
import { matchesName, requireMatches } from "../optim/parameter_groups.ts";

/** What {@linkcode freeze} has kept from being trained. */
export interface Frozen {
  /** Names of the parameters. */
  readonly names: ReadonlySet<string>;
  /** Batch normalisation without a parameter that is trained: to be kept in evaluation mode. */
  readonly norms: readonly Module[];
}

/**
 * Keeps parameters of a model from being trained: they want no gradients. timm: `freeze()`, which has batch normalisation keep
 * its running statistics, too.
 *
 * @param patterns names as {@linkcode matchesName} takes them
 * @throws UserError where one of them stands for no parameter, or nothing is left to train
 */
export function freeze(model: Module, patterns: readonly string[]): Frozen {
  const parameters = model.namedParameters();
  requireMatches("SOLVER.FREEZE", patterns, [...parameters.keys()]);
  const names = new Set<string>();
  for (const [name, parameter] of parameters) {
    if (!patterns.some((pattern) => matchesName(pattern, name))) continue;
    parameter.requiresGrad = false;
    names.add(name);
  }
  if (names.size === parameters.size) {
    throw new UserError("SOLVER.FREEZE leaves no parameter of the student to train");
  }
  const norms = [...model.modules()].filter((module) =>
    module instanceof BatchNorm2d && !module.weight.requiresGrad && !module.bias.requiresGrad
  );
  return { names, norms };
}
