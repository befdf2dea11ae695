import { type Config, sectionOf } from "../config/config.ts";
import { classifierCost } from "../cost_matrix/classifier_cost.ts";
import { distillerOf } from "../distill/registry.ts";
import { visible } from "../formats/visible.ts";
import type { Model } from "../models/model.ts";
import { flatCosts, otherTeacher } from "./cost_matrix_concerns.ts";
import { readCostMatrix } from "./cost_matrix_file.ts";

/** Where a distiller's cost matrix comes from. */
interface CostMatrixSettings {
  /** The section of the keys, such as `WKD`. */
  readonly section: string;
  /** File of the matrix; null where it is made of the teacher's classifier. */
  readonly path: string | null;
  /** k of the sharpened costs; 0 leaves them as they are. */
  readonly sharpen: number;
}

/** Where the cost matrix of a configuration's distiller comes from; null where it wants none. */
export function costMatrixSettings(config: Config): CostMatrixSettings | null {
  const { TYPE } = config.DISTILLER;
  const options = sectionOf(config, TYPE);
  if (!distillerOf(TYPE).costMatrix?.(options)) return null;
  const { COST_MATRIX, COST_MATRIX_PATH, COST_MATRIX_SHARPEN } = options;
  return {
    section: TYPE,
    path: COST_MATRIX === "fc" ? null : String(COST_MATRIX_PATH),
    sharpen: Number(COST_MATRIX_SHARPEN),
  };
}

/** Who is told what is odd about a cost matrix. */
interface CostMatrixCheck {
  /** Where the teacher was loaded from. */
  readonly teacherPath: string;
  /** Told in one sentence. */
  readonly warn: (message: string) => void;
}

/**
 * The cost matrix [classes, classes] that a configuration names for its distiller, row-major, before it is sharpened.
 *
 * @param check told where it would teach little, or was made from other weights than the teacher's
 * @throws RangeError where the distiller wants none, CheckpointError naming the file when it cannot be read, has another size,
 * or holds numbers that are not finite.
 */
export async function runCostMatrix(
  config: Config,
  teacher: Model,
  classes: number,
  check: CostMatrixCheck,
): Promise<Float32Array> {
  const settings = costMatrixSettings(config);
  if (!settings) {
    throw new RangeError(
      `the distiller ${config.DISTILLER.TYPE} says of these settings that it wants no cost matrix (costMatrix)`,
    );
  }
  const { section, path, sharpen } = settings;
  const { cost, note } = path === null
    ? {
      cost: classifierCost(await teacher.classifier.weight.data() as Float32Array, classes),
      note: {},
    }
    : readCostMatrix(path, classes, section);
  const flat = flatCosts(cost, classes, sharpen, section);
  const name = path === null
    ? `of the teacher's classifier (${section}.COST_MATRIX fc)`
    : visible(path);
  if (flat) check.warn(`the cost matrix ${name} ${flat}`);
  const other = await otherTeacher(note, path ?? "", config, teacher, check.teacherPath);
  if (other) check.warn(other);
  return cost;
}
