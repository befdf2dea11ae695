// What is registered is in the schema.
import "../optim/registry.ts";
import { loadConfig } from "../config/load_config.ts";
import { programWords } from "../config/program.ts";
import { asTyped } from "../config/typed_path.ts";
import { loadDataset } from "../data/load_dataset.ts";
import { UserError } from "../errors.ts";
import { visible } from "../formats/visible.ts";
import { wantsTeacher } from "../distill/registry.ts";
import { progress } from "../logging/progress.ts";
import { latestPath } from "../train/run_files.ts";
import { describeState, wholeStates } from "../train/saved_states.ts";
import { TrainingError } from "../train/training_error.ts";
import { FailedRun } from "./failed_run.ts";
import { checkCostMatrix } from "./check_cost_matrix.ts";
import { checkTeacher } from "./check_teacher.ts";
import { datasetCallbacks } from "./dataset_callbacks.ts";
import { importWords } from "./import_modules.ts";
import { interruptSignal } from "./interrupt_signal.ts";
import { openComputeDevice } from "./open_device.ts";
import { printProfile } from "./profile.ts";
import { RunFolder } from "./run_folder.ts";
import { runFolder } from "./run_paths.ts";
import { runStart, type StartFlags } from "./run_start.ts";
import { runWithFiles } from "./run_with_files.ts";
import { shellWords } from "./shell_words.ts";

/** Options of the `train` command. */
export interface TrainFlags extends StartFlags {
  /** The configuration file. */
  readonly cfg: string;
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
  const typed = loadConfig(flags.cfg, overrides);
  const path = runFolder(typed);
  refuseFlags(flags, path);
  using folder = new RunFolder(path, (message) => console.error(`warning: ${visible(message)}`));
  const start = runStart(folder, typed, flags, (message) => console.error(visible(message)));
  const config = folder.located(typed, start.kind !== "anew");
  if (wantsTeacher(config.DISTILLER.TYPE)) checkTeacher(config);
  checkCostMatrix(config, flags.cfg);
  const gpu = await openComputeDevice(flags.device);
  const splits = await loadDataset(config.DATASET, datasetCallbacks());
  const interrupt = interruptSignal();
  try {
    const { finished } = await runWithFiles({
      gpu,
      config,
      splits,
      folder,
      start,
      sink: progress(),
      signal: interrupt.signal,
      resumeCommand: resumeCommand(flags, overrides),
      takesBack: true,
      wandb: true,
      onFinished: async ({ trainer }) => {
        if (flags.profile) await printProfile(trainer.step);
      },
    });
    return finished ? 0 : interrupt.status;
  } catch (error) {
    // Going on as before meets the same numbers again: that error says itself what is kept and what to change.
    if (error instanceof TrainingError) throw error;
    throw new FailedRun(error, whatIsKept(path, resumeCommand(flags, overrides)));
  } finally {
    interrupt.dispose();
  }
}

function resumeCommand({ cfg, device, profile }: TrainFlags, overrides: readonly string[]): string {
  const options = [
    ...(device ? ["--device", device] : []),
    ...(profile ? ["--profile"] : []),
  ];
  return shellWords([
    ...programWords(),
    "train",
    "--cfg",
    asTyped(cfg),
    ...importWords(),
    "--resume",
    ...options,
    ...overrides,
  ]);
}

/** What a run that failed leaves, and how to go on with it. */
function whatIsKept(folder: string, command: string): string {
  const latest = wholeStates(folder).find(({ path }) => path === latestPath(folder));
  return latest
    ? `saved: ${visible(latest.path)} (${describeState(latest)}); go on with:\n  ${command}`
    : "nothing was saved yet: a run is saved at the end of each epoch, and at Ctrl-C";
}

/** What can be refused before the run's folder is made. */
function refuseFlags({ resume, overwrite }: TrainFlags, folder: string): void {
  if (resume !== undefined && overwrite) {
    throw new UserError("--resume goes on with a run and --overwrite starts it again; give one");
  }
  if ((resume === true || resume === "") && !isFolder(folder)) {
    throw new UserError(
      `nothing to resume: there is no ${latestPath(folder)}; leave --resume out to start`,
    );
  }
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
