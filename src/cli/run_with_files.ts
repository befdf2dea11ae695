import type { Config } from "../config/config.ts";
import type { DatasetSplits } from "../data/load_dataset.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { combine, type EventSink } from "../train/events.ts";
import { Run } from "../train/run.ts";
import type { RunState } from "../train/run_state.ts";
import { openRunLogs, type RunLogs } from "./run_logs.ts";
import { teacherPath } from "./run_paths.ts";

/** What {@linkcode runWithFiles} needs. */
export interface RunWithFilesOptions {
  /** The device. */
  readonly gpu: Gpu;
  /** The resolved configuration. */
  readonly config: Config;
  /** Images to train on and to be measured on. */
  readonly splits: DatasetSplits;
  /** Folder of the run's files. */
  readonly folder: string;
  /** Goes on from the folder's `latest`; otherwise the folder's logs start anew. */
  readonly resume: boolean;
  /** Shows the run. */
  readonly sink: EventSink;
  /** Stops the run when aborted. */
  readonly signal: AbortSignal;
  /** The command that takes an interrupted run up again. */
  readonly resumeCommand: string;
  /** Whether LOG.WANDB counts; default false. */
  readonly wandb?: boolean;
  /** Called with the finished run before its memory is freed. */
  readonly onFinished?: (run: Run) => Promise<void>;
}

/** How a run ended. */
export interface RunResult {
  /** False when it was interrupted. */
  readonly finished: boolean;
  /** Its state at the end. */
  readonly state: RunState;
}

/**
 * Trains with the files of a run: checkpoints, `config.yaml` and the logs of {@linkcode openRunLogs}. The device memory is
 * freed at the end.
 *
 * @throws WriteError where the folder cannot be written, before anything is computed; else as `Run` does
 */
export async function runWithFiles(options: RunWithFilesOptions): Promise<RunResult> {
  const { config, onFinished, sink } = options;
  let logs: RunLogs | null = null;
  const run = await Run.open({
    ...options,
    teacherPath: teacherPath(config),
    sink: combine(sink, (event) => logs?.sink(event)),
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
