import type { Config } from "../config/config.ts";
import type { DatasetSplits } from "../data/load_dataset.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { fromFirst } from "../parallel/from_first.ts";
import type { Group } from "../parallel/group.ts";
import { Run } from "./run.ts";
import { teacherPath } from "./run_paths.ts";

/** What rank 0 has the others train with it. */
interface SharedRun {
  readonly config: Config;
  readonly resume: boolean;
}

/** Has the other ranks begin the run that rank 0 begins; they wait in {@linkcode followRun}. */
export async function leadRun(group: Group, { config, resume }: SharedRun): Promise<void> {
  await fromFirst<SharedRun>(group, { config, resume });
}

/**
 * Trains with rank 0 what it begins, without files and without a word.
 *
 * @returns whether it reached the end
 */
export async function followRun(options: {
  readonly group: Group;
  readonly gpu: Gpu;
  readonly splits: DatasetSplits;
  readonly signal?: AbortSignal;
}): Promise<boolean> {
  const { config, resume } = await fromFirst<SharedRun>(options.group, null);
  const run = await Run.open({
    ...{ ...options, config, resume, folder: "", resumeCommand: "" },
    teacherPath: teacherPath(config),
    sink: () => {},
  });
  try {
    return await run.train();
  } finally {
    run.dispose();
  }
}
