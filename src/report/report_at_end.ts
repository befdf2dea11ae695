import type { DatasetSplits } from "../data/load_dataset.ts";
import type { Run, RunClosing } from "../run/run.ts";
import { type ModelSource, writeReport } from "./report.ts";

/** Shorter runs get what their logs say: compiling what only the report computes would be a large part of them. */
const STEPS = 500;
/** A run that trains on so many times its test images hardly notices that both models see these once more. */
const TIMES = 10;

/**
 * Makes a run's report at its end, as LOG.REPORT says. A run never fails for it.
 *
 * @param splits the images that it trains on and is measured on
 * @param signal leaves out what needs the models when aborted
 * @param tell takes a sentence where the report, or a part of it, is not made
 */
export function reportAtEnd(
  { train, test }: DatasetSplits,
  signal: AbortSignal,
  tell: (message: string) => void,
): (run: Run) => Promise<RunClosing> {
  return async ({ options: { gpu, config, folder, sink }, trainer }) => {
    const { REPORT } = config.LOG;
    if (REPORT === "none") return {};
    const steps = trainer.options.train.length * config.SOLVER.EPOCHS;
    const isWorth = steps >= STEPS && train.length * config.SOLVER.EPOCHS >= TIMES * test.length;
    const isFull = REPORT === "full" || (REPORT === "auto" && isWorth);
    const source = { gpu: () => Promise.resolve(gpu), test: () => Promise.resolve(test), signal };
    if (isFull) sink({ type: "note", message: "measuring the models for the report" });
    try {
      return await written(folder, isFull ? source : null, isFull ? tell : () => {});
    } catch (error) {
      if (!signal.aborted) {
        tell(`warning: the report has no figures of the models: ${reason(error)}`);
      }
    }
    try {
      return await written(folder, null, () => {});
    } catch (error) {
      tell(`warning: there is no report: ${reason(error)}`);
      return {};
    }
  };
}

async function written(
  folder: string,
  source: ModelSource | null,
  tell: (message: string) => void,
): Promise<RunClosing> {
  const { path, missing, teacherTop1 } = await writeReport([folder], { source, finished: true });
  if (missing !== null) tell(`warning: ${missing}`);
  return { report: path, ...(teacherTop1 !== null && { teacherTop1 }) };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
