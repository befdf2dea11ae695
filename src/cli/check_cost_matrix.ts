import type { Config } from "../config/config.ts";
import { programWords } from "../config/program.ts";
import { asTyped } from "../config/typed_path.ts";
import { UserError } from "../errors.ts";
import { costMatrixSettings } from "../train/run_cost_matrix.ts";
import { fileExists } from "./file_exists.ts";
import { importWords } from "./import_modules.ts";
import { shellWords } from "./shell_words.ts";

/**
 * Refuses to start WKD-L without its cost matrix.
 *
 * @param cfg the configuration's file, for the command that makes the matrix
 * @throws UserError saying how to get it
 */
export function checkCostMatrix(config: Config, cfg: string): void {
  const { section, path = null } = costMatrixSettings(config) ?? {};
  if (path === null || path === "" || fileExists(path)) return;
  throw new UserError(
    `there is no cost matrix ${path} (${section}.COST_MATRIX_PATH); make it with ` +
      `"${
        shellWords([...programWords(), "cost-matrix", "--cfg", asTyped(cfg), ...importWords()])
      }", copy the authors' there, ` +
      `or set ${section}.COST_MATRIX fc`,
  );
}
