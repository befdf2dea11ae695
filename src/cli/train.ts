import { join } from "@std/path";
import { loadConfig } from "../config/load_config.ts";
import { loadDataset } from "../data/load_dataset.ts";
import { appendTo } from "../logging/append_to.ts";
import { jsonl } from "../logging/jsonl.ts";
import { progress } from "../logging/progress.ts";
import { worklog } from "../logging/worklog.ts";
import { combine, type EventSink } from "../train/events.ts";
import { Run } from "../train/run.ts";
import { latestPath } from "../train/run_files.ts";
import { CliError } from "./cli_error.ts";
import { interruptSignal } from "./interrupt_signal.ts";
import { openDevice } from "./open_device.ts";
import { printProfile } from "./profile.ts";
import { runFolder, teacherPath } from "./run_paths.ts";

/** Options of the `train` command. */
export interface TrainFlags {
  readonly cfg: string;
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  readonly device?: string;
  readonly profile?: boolean;
}

/** Exit status of a run that was interrupted, as shells report SIGINT. */
export const INTERRUPTED = 130;

/**
 * Trains a student as a configuration says.
 *
 * @returns the exit status
 */
export async function train(flags: TrainFlags, overrides: readonly string[]): Promise<number> {
  const config = loadConfig(flags.cfg, overrides);
  const folder = runFolder(config);
  refuseToOverwrite(folder, flags);
  const gpu = await openDevice(flags.device);
  const warn = (message: string) => console.error(message);
  const splits = await loadDataset(config.DATASET, { onWarning: warn });
  const interrupt = interruptSignal();
  const log: EventSink[] = [];
  const run = await Run.open({
    gpu,
    config,
    splits,
    folder,
    teacherPath: teacherPath(config),
    resume: flags.resume ?? false,
    sink: combine(progress(), (event) => log.forEach((sink) => sink(event))),
    signal: interrupt.signal,
    resumeCommand: ["deno task train", "--cfg", flags.cfg, "--resume", ...overrides].join(" "),
  });
  Deno.mkdirSync(folder, { recursive: true });
  if (!flags.resume) removeLogs(folder);
  log.push(
    worklog(appendTo(join(folder, "worklog.txt"))),
    jsonl(appendTo(join(folder, "metrics.jsonl"))),
  );
  try {
    const finished = await run.train();
    if (finished && flags.profile) await printProfile(run.trainer.step);
    return finished ? 0 : INTERRUPTED;
  } finally {
    interrupt.dispose();
    run.dispose();
  }
}

function refuseToOverwrite(folder: string, flags: TrainFlags): void {
  const latest = latestPath(folder);
  const exists = fileExists(latest);
  if (flags.resume && !exists) {
    throw new CliError(`nothing to resume: there is no ${latest}; leave --resume out to start`);
  }
  if (!flags.resume && !flags.overwrite && exists) {
    throw new CliError(
      `${folder} already holds a run; go on with --resume, start again with --overwrite, or ` +
        `choose another EXPERIMENT.NAME`,
    );
  }
}

function removeLogs(folder: string): void {
  for (const name of ["worklog.txt", "metrics.jsonl"]) {
    const path = join(folder, name);
    if (fileExists(path)) Deno.removeSync(path);
  }
}

function fileExists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
