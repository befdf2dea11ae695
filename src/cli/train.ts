import { basename } from "@std/path";
import { loadConfig } from "../config/load_config.ts";
import { asTyped } from "../config/typed_path.ts";
import { loadDataset } from "../data/load_dataset.ts";
import { progress } from "../logging/progress.ts";
import { combine, type EventSink } from "../train/events.ts";
import { latestPath } from "../train/run_files.ts";
import { checkCostMatrix } from "./check_cost_matrix.ts";
import { checkFolder } from "./check_folder.ts";
import { checkTeacher } from "./check_teacher.ts";
import { CliError } from "./cli_error.ts";
import { datasetCallbacks } from "./dataset_callbacks.ts";
import { INTERRUPTED } from "./exit_status.ts";
import { fileExists } from "./file_exists.ts";
import { interruptSignal } from "./interrupt_signal.ts";
import { openDevice } from "./open_device.ts";
import { printProfile } from "./profile.ts";
import { ReplacedRun, runLeftovers } from "./run_folder.ts";
import { runFolder } from "./run_paths.ts";
import { runWithFiles } from "./run_with_files.ts";
import { shellWords } from "./shell_words.ts";

/** Options of the `train` command. */
export interface TrainFlags {
  /** The configuration file. */
  readonly cfg: string;
  /** Go on with a run that was stopped. */
  readonly resume?: boolean;
  /** Start again where a run already is. */
  readonly overwrite?: boolean;
  /** Kind of adapter. */
  readonly device?: string;
  /** Print the time by kernel at the end. */
  readonly profile?: boolean;
}

/**
 * Trains a student as a configuration says.
 *
 * @returns the exit status
 */
export async function train(flags: TrainFlags, overrides: readonly string[]): Promise<number> {
  const config = loadConfig(flags.cfg, overrides);
  const folder = runFolder(config);
  refuseToOverwrite(folder, flags);
  if (config.DISTILLER.TYPE !== "NONE") checkTeacher(config);
  checkCostMatrix(config, flags.cfg);
  checkFolder(folder);
  const gpu = await openDevice(flags.device);
  const splits = await loadDataset(config.DATASET, datasetCallbacks());
  const interrupt = interruptSignal();
  const replaced = flags.overwrite ? new ReplacedRun(folder) : null;
  const discard: EventSink = ({ type }) => {
    if (type === "checkpoint") replaced?.discard();
  };
  try {
    const { finished } = await runWithFiles({
      gpu,
      config,
      splits,
      folder,
      resume: flags.resume ?? false,
      sink: combine(progress(), discard),
      signal: interrupt.signal,
      resumeCommand: resumeCommand(flags, overrides),
      wandb: true,
      onFinished: async ({ trainer }) => {
        if (flags.profile) await printProfile(trainer.step);
      },
    });
    return finished ? 0 : INTERRUPTED;
  } finally {
    replaced?.putBack();
    interrupt.dispose();
  }
}

function resumeCommand({ cfg, device, profile }: TrainFlags, overrides: readonly string[]): string {
  const options = [
    ...(device ? ["--device", device] : []),
    ...(profile ? ["--profile"] : []),
  ];
  return shellWords([
    "deno",
    "task",
    "train",
    "--cfg",
    asTyped(cfg),
    "--resume",
    ...options,
    ...overrides,
  ]);
}

function refuseToOverwrite(folder: string, { resume, overwrite }: TrainFlags): void {
  if (resume && overwrite) {
    throw new CliError("--resume goes on with a run and --overwrite starts it again; give one");
  }
  const latest = latestPath(folder);
  const exists = fileExists(latest);
  if (resume && !exists) {
    throw new CliError(`nothing to resume: there is no ${latest}; leave --resume out to start`);
  }
  const files = resume || overwrite ? [] : runLeftovers(folder);
  if (files.length > 0) {
    const how = exists
      ? "go on with --resume"
      : `there is no ${basename(latest)} to go on from (${files.join(", ")})`;
    throw new CliError(
      `${folder} already holds a run; ${how}, start again with --overwrite, or choose another ` +
        `EXPERIMENT.NAME`,
    );
  }
}
