import type { Config } from "../config/config.ts";
import type { DatasetSplits } from "../data/load_dataset.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { ALONE, type Group } from "../parallel/group.ts";
import { combine, type EventSink } from "../train/events.ts";
import type { RunState } from "../train/run_state.ts";
import { beginRun, endRun } from "./begin_run.ts";
import { advising, runSizes, smaller } from "./memory_error.ts";
import { Run } from "./run.ts";
import type { RunFolder } from "./run_folder.ts";
import { openRunLogs, type RunLogs } from "./run_logs.ts";
import { leadRun } from "./shared_run.ts";
import { teacherPath } from "./run_paths.ts";
import type { RunStart } from "./run_start.ts";

/** Events that go to files. */
const LOGGED: ReadonlySet<string> = new Set(["point", "epoch_end", "run_end"]);

/** What {@linkcode runWithFiles} needs. */
interface RunWithFilesOptions {
  /** The device. */
  readonly gpu: Gpu;
  /** The resolved configuration. */
  readonly config: Config;
  /** Images to train on and to be measured on. */
  readonly splits: DatasetSplits;
  /** Folder of the run's files. */
  readonly folder: RunFolder;
  /** Where the run starts. */
  readonly start: RunStart;
  /** Shows the run. */
  readonly sink: EventSink;
  /** Stops the run when aborted. */
  readonly signal: AbortSignal;
  /** The command that takes an interrupted run up again. */
  readonly resumeCommand: string;
  /** Whether that command has `--resume`, which also takes a replaced run back; default false. */
  readonly takesBack?: boolean;
  /** Whether LOG.WANDB counts; default false. */
  readonly wandb?: boolean;
  /** The processes that train together, of which this is rank 0 and the others are in `followRun()`; default this one alone. */
  readonly group?: Group;
  /** Called with the finished run before its memory is freed. */
  readonly onFinished?: (run: Run) => Promise<void>;
}

/** How a run ended. */
interface RunResult {
  /** False when it was interrupted. */
  readonly finished: boolean;
  /** Its state at the end. */
  readonly state: RunState;
}

/**
 * Trains with the files of a run: checkpoints, `config.yaml` and the logs of {@linkcode openRunLogs}. A run that is replaced
 * stays in the folder, aside, until this one has saved an epoch. The device memory is freed at the end.
 *
 * @throws WriteError where the folder cannot be written, before anything is computed; else as `Run` does
 */
export async function runWithFiles(options: RunWithFilesOptions): Promise<RunResult> {
  const { folder, start, sink, takesBack = false } = options;
  const tell = (message: string) => sink({ type: "note", message });
  let finished = false;
  try {
    const begun = beginRun(folder, options.config, start, tell, takesBack);
    const result = await advising(
      () => smaller(runSizes(options.config, options.splits)),
      () => train({ ...options, ...begun }),
    );
    finished = result.finished;
    return result;
  } finally {
    endRun(folder, finished, tell, takesBack);
  }
}

async function train(options: RunWithFilesOptions & { resume: boolean }): Promise<RunResult> {
  const { config, folder, onFinished, sink, group = ALONE } = options;
  await leadRun(group, options);
  let logs: RunLogs | null = null;
  const log: EventSink = (event) => {
    if (logs && LOGGED.has(event.type)) folder.check();
    logs?.sink(event);
    if (event.type === "checkpoint" && event.kind === "latest") discard(folder, run.state, sink);
  };
  const run: Run = await Run.open({
    ...options,
    folder: folder.path,
    guard: folder.check,
    teacherPath: teacherPath(config),
    sink: combine(sink, log),
  });
  try {
    logs = await openRunLogs(run, sink, options.wandb ?? false);
    const finished = await run.train();
    if (finished) await onFinished?.(run);
    return { finished, state: run.state };
  } finally {
    await logs?.close();
    run.dispose();
  }
}

/** Deletes the replaced run where the new one has saved an epoch. */
function discard({ replaced }: RunFolder, state: RunState, sink: EventSink): void {
  try {
    if (replaced.isReplacedBy(state.epoch - 1)) replaced.discard();
  } catch (error) {
    // The run itself is saved, and goes on.
    sink({ type: "warning", message: (error as Error).message });
  }
}
