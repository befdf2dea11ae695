import type { Config } from "../config/config.ts";
import { classifierCost } from "../cost_matrix/classifier_cost.ts";
import type { Model } from "../models/model.ts";
import { readCostMatrix } from "./cost_matrix_file.ts";

/**
 * The cost matrix [classes, classes] that a configuration names for WKD-L, row-major, before it is sharpened.
 *
 * @throws CheckpointError naming the file when it cannot be read or has another size.
 */
export async function runCostMatrix(
  config: Config,
  teacher: Model,
  classes: number,
): Promise<Float32Array> {
  const { COST_MATRIX, COST_MATRIX_PATH } = config.WKD;
  return COST_MATRIX === "fc"
    ? classifierCost(await teacher.classifier.weight.data() as Float32Array, classes)
    : readCostMatrix(COST_MATRIX_PATH, classes);
}
