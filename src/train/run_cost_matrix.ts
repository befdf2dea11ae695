import type { Config } from "../config/config.ts";
import { classifierCost } from "../cost_matrix/classifier_cost.ts";
import { visible } from "../formats/visible.ts";
import type { Model } from "../models/model.ts";
import { flatCosts, otherTeacher } from "./cost_matrix_concerns.ts";
import { readNotedCostMatrix } from "./cost_matrix_file.ts";

/** Who is told what is odd about a cost matrix. */
export interface CostMatrixCheck {
  /** Where the teacher was loaded from. */
  readonly teacherPath: string;
  /** Told in one sentence. */
  readonly warn: (message: string) => void;
}

/**
 * The cost matrix [classes, classes] that a configuration names for WKD-L, row-major, before it is sharpened.
 *
 * @param check told where it would teach little, or was made from other weights than the teacher's
 * @throws CheckpointError naming the file when it cannot be read, has another size, or holds numbers that are not finite.
 */
export async function runCostMatrix(
  config: Config,
  teacher: Model,
  classes: number,
  check?: CostMatrixCheck,
): Promise<Float32Array> {
  const { COST_MATRIX, COST_MATRIX_PATH, COST_MATRIX_SHARPEN } = config.WKD;
  const fc = COST_MATRIX === "fc";
  const { cost, note } = fc
    ? {
      cost: classifierCost(await teacher.classifier.weight.data() as Float32Array, classes),
      note: {},
    }
    : readNotedCostMatrix(COST_MATRIX_PATH, classes);
  if (!check) return cost;
  const flat = flatCosts(cost, classes, COST_MATRIX_SHARPEN);
  const name = fc ? "of the teacher's classifier (WKD.COST_MATRIX fc)" : visible(COST_MATRIX_PATH);
  if (flat) check.warn(`the cost matrix ${name} ${flat}`);
  const other = await otherTeacher(note, config, teacher, check.teacherPath);
  if (other) check.warn(other);
  return cost;
}
