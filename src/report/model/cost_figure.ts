import { join } from "node:path";
import { type Config, sectionOf } from "../../config/config.ts";
import { classifierCost } from "../../cost_matrix/classifier_cost.ts";
import { UserError } from "../../errors.ts";
import { fileExists } from "../../formats/paths.ts";
import type { Model } from "../../models/model.ts";
import { readCostMatrix } from "../../run/cost_matrix/cost_matrix_file.ts";
import { COST_MATRIX_FILE, costMatrixSettings } from "../../run/cost_matrix/run_cost_matrix.ts";
import type { TransportOptions, TransportPlan } from "../statistics/transport_plan.ts";
import { classHeat } from "./heat_data.ts";
import type { CostFigure, TransportFigure } from "./model_data.ts";

/** Nearest classes that are named of each, and of each of many. */
const [NEAREST, NEAREST_OF_MANY] = [4, 2];
const MANY = 300;
/** Flows and classes of a drawing. */
const [FLOWS, BARS] = [10, 7];

/**
 * The cost matrix that a run was trained with, and how it is used.
 *
 * @throws UserError saying in a sentence why there is none
 */
export async function runCosts(
  config: Config,
  folder: string,
  classes: number,
  teacher: Model | null,
): Promise<TransportOptions> {
  const settings = costMatrixSettings(config);
  if (!settings) throw new UserError("The run has no WKD-L, which moves probabilities at a cost.");
  const section = sectionOf(config, settings.section);
  const { LAMBDA = 0.05, ITER = 10 } = (section.SINKHORN ?? {}) as Record<string, number>;
  return {
    cost: await costsOf(settings.path, settings.section, folder, classes, teacher),
    temperature: Number(section.TEMPERATURE ?? 1),
    ...{ lambda: LAMBDA, iterations: ITER, sharpen: settings.sharpen },
  };
}

async function costsOf(
  path: string | null,
  section: string,
  folder: string,
  classes: number,
  teacher: Model | null,
): Promise<Float32Array> {
  if (path === null) {
    if (!teacher) {
      throw new UserError("The costs are those of the teacher's classifier, and it is not there.");
    }
    return classifierCost(await teacher.classifier.weight.data() as Float32Array, classes);
  }
  const own = join(folder, COST_MATRIX_FILE);
  const file = fileExists(own) || path === "" ? own : path;
  if (!fileExists(file)) throw new UserError(`The cost matrix is not there any more: ${file}.`);
  return readCostMatrix(file, classes, section).cost;
}

/** The matrix in clustered order, and which classes are near one another. */
export function costFigure(
  cost: Float32Array,
  classes: readonly string[],
  order: readonly number[],
): CostFigure {
  const count = classes.length;
  const others = Array.from(cost, (value, at) => {
    return Math.floor(at / count) === at % count ? NaN : value;
  });
  const nearest = classes.map((_, i) =>
    classes.map((_, label) => ({ label, cost: cost[i * count + label] }))
      .filter(({ label }) => label !== i)
      .sort((a, b) => a.cost - b.cost || a.label - b.label)
      .slice(0, count > MANY ? NEAREST_OF_MANY : NEAREST)
      .map(({ label, cost }) => ({ label, cost: Number(cost.toPrecision(4)) }))
  );
  return { heat: classHeat(others, classes, order), nearest };
}

/** The largest flows of a plan, and the classes that they are between. */
export function transportFigure(
  { plan, student, teacher, distance }: TransportPlan,
): TransportFigure {
  const count = student.length;
  const flows = Array.from(plan, (mass, at) => {
    return { from: at % count, to: Math.floor(at / count), mass };
  });
  const stays = flows.filter(({ from, to }) => from === to);
  const moves = flows.filter(({ from, to }) => from !== to)
    .sort((a, b) => b.mass - a.mass).slice(0, FLOWS);
  const weight = (label: number) =>
    Math.max(student[label], teacher[label]) +
    moves.reduce((sum, { from, to, mass }) => from === label || to === label ? sum + mass : sum, 0);
  const shown = [...student.keys()].sort((a, b) => weight(b) - weight(a)).slice(0, BARS)
    .sort((a, b) => teacher[b] - teacher[a]);
  const isShown = ({ from, to }: { from: number; to: number }) =>
    shown.includes(from) && shown.includes(to);
  const rounded = (value: number) => Number(value.toFixed(5));
  return {
    distance: Number(distance.toPrecision(5)),
    stays: rounded(stays.reduce((sum, { mass }) => sum + mass, 0)),
    flows: [...stays, ...moves].filter(isShown)
      .map(({ from, to, mass }) => ({ from, to, mass: rounded(mass) }))
      .filter(({ mass }) => mass > 0),
    classes: shown.map((label) => {
      return { label, teacher: rounded(teacher[label]), student: rounded(student[label]) };
    }),
  };
}
