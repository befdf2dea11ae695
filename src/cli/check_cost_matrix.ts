import type { Config } from "../config/config.ts";
import { asTyped } from "../config/typed_path.ts";
import { UserError } from "../errors.ts";
import { fileExists } from "./file_exists.ts";
import { shellWords } from "./shell_words.ts";

/**
 * Refuses to start WKD-L without its cost matrix.
 *
 * @param cfg the configuration's file, for the command that makes the matrix
 * @throws UserError saying how to get it
 */
export function checkCostMatrix({ DISTILLER, WKD }: Config, cfg: string): void {
  const { COST_MATRIX, COST_MATRIX_PATH, LOSS } = WKD;
  if (DISTILLER.TYPE !== "WKD" || LOSS.WKD_LOGIT_WEIGHT === 0 || COST_MATRIX === "fc") return;
  if (COST_MATRIX_PATH === "" || fileExists(COST_MATRIX_PATH)) return;
  throw new UserError(
    `there is no cost matrix ${COST_MATRIX_PATH} (WKD.COST_MATRIX_PATH); make it with ` +
      `"${
        shellWords(["deno", "task", "cost-matrix", "--cfg", asTyped(cfg)])
      }", copy the authors' there, ` +
      `or set WKD.COST_MATRIX fc`,
  );
}
