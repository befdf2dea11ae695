import type { Config } from "../config/config.ts";
import { programWords } from "../config/program.ts";
import { loadConfig } from "../config/resolve_config.ts";
import { asTyped } from "../config/typed_path.ts";
import { loadDataset } from "../data/load_dataset.ts";
import { wantsTeacher } from "../distill/registry.ts";
import { UserError } from "../errors.ts";
import { isFolder } from "../formats/paths.ts";
import { visible } from "../formats/visible.ts";
import { progress } from "../logging/progress.ts";
import type { Group } from "../parallel/group.ts";
import { openGroup } from "../parallel/open_group.ts";
// What is registered is in the schema.
import "../optim/registry.ts";
import { reportAtEnd } from "../report/report_at_end.ts";
import { FailedRun } from "../run/failed_run.ts";
import { latestPath } from "../run/run_files.ts";
import { RunFolder } from "../run/run_folder.ts";
import { runFolder } from "../run/run_paths.ts";
import { runStart, type StartFlags } from "../run/run_start.ts";
import { followRun } from "../run/shared_run.ts";
import { runWithFiles } from "../run/run_with_files.ts";
import { describeState, wholeStates } from "../run/checkpoints/saved_states.ts";
import { combine } from "../train/events.ts";
import type { TrainStep } from "../train/train_step.ts";
import { TrainingError } from "../train/training_error.ts";
import { asRank } from "./as_rank.ts";
import { checkCostMatrix, checkNames, checkStudent, checkTeacher } from "./check_config.ts";
import { importWords } from "./options/import_modules.ts";
import { datasetCallbacks, openComputeDevice, tuneWords } from "./device/open_device.ts";
import { noteTimeToSave } from "./rank_device.ts";
import { interruptSignal } from "./terminal/interrupt_signal.ts";
import { type LiveFlag, withLivePage } from "./terminal/live_page.ts";
import { note, warn } from "./terminal/notes.ts";
import { shellWords } from "./terminal/shell_words.ts";

/** Options of the `train` command. */
interface TrainFlags extends StartFlags {
  /** The configuration file; null for the defaults with the overrides. */
  readonly cfg: string | null;
  /** File of the weights that the student starts from; the same as DISTILLER.STUDENT_CHECKPOINT. */
  readonly init?: string;
  /** Kind of adapter. */
  readonly device?: string;
  /** Time variants of kernels, or do not; default on hardware. */
  readonly tune?: boolean;
  /** Print the time by kernel at the end. */
  readonly profile?: boolean;
  /** Show the run on a page. */
  readonly live?: LiveFlag;
}

/**
 * Trains a student as a configuration says.
 *
 * @returns the exit status
 */
export async function train(flags: TrainFlags, given: readonly string[]): Promise<number> {
  const group = await openGroup();
  return await asRank(group, () => trainIn(group, flags, given));
}

async function trainIn(group: Group, flags: TrainFlags, given: readonly string[]): Promise<number> {
  const overrides = withInit(given, flags.init);
  const typed = loadConfig(flags.cfg, overrides);
  const path = runFolder(typed);
  refuseFlags(flags, path);
  if (group.rank > 0) return await follow(group, typed, flags);
  checkNames(typed);
  using folder = new RunFolder(path, warn);
  const start = runStart(folder, typed, flags, note);
  const config = folder.located(typed, start.kind !== "anew");
  if (wantsTeacher(config.DISTILLER.TYPE)) checkTeacher(config);
  checkCostMatrix(config);
  if (start.kind === "anew") checkStudent(config);
  const gpu = await openComputeDevice(flags.device, flags.tune);
  noteTimeToSave();
  const splits = await loadDataset(config.DATASET, datasetCallbacks());
  const interrupt = interruptSignal();
  const command = resumeCommand(flags, overrides);
  let begun = false;
  try {
    return await withLivePage(flags.live, interrupt, async (live) => {
      if (live) live.deviceMemory = () => gpu.account.peak;
      const { finished } = await runWithFiles({
        ...{ gpu, config, splits, folder, start },
        sink: combine(
          ({ type }) => begun ||= type === "run_start",
          progress({ path: asTyped }),
          ...(live ? [live.sink] : []),
        ),
        signal: interrupt.signal,
        resumeCommand: command,
        takesBack: true,
        wandb: true,
        group,
        closing: reportAtEnd(splits, interrupt.signal, note),
        onFinished: async ({ trainer }) => {
          if (flags.profile) await printProfile(trainer.step);
        },
      }).catch((error) => {
        // Going on as before meets the same numbers again: that error says itself what is kept and what to change.
        if (error instanceof TrainingError) throw error;
        const kept = whatIsKept(path, command) ?? (begun ? NOTHING_SAVED : null);
        throw kept === null ? error : new FailedRun(error, kept);
      });
      return finished ? 0 : interrupt.status;
    });
  } finally {
    interrupt.dispose();
  }
}

/** Trains as another rank than 0: without files, and silent unless something goes wrong here alone. */
async function follow(
  group: Group,
  { DATASET }: Config,
  { device, tune }: TrainFlags,
): Promise<number> {
  const gpu = await openComputeDevice(device, tune);
  const splits = await loadDataset(DATASET);
  const interrupt = interruptSignal("");
  try {
    const finished = await followRun({ group, gpu, splits, signal: interrupt.signal });
    return finished ? 0 : interrupt.status;
  } finally {
    interrupt.dispose();
  }
}

const INIT = "DISTILLER.STUDENT_CHECKPOINT";

/** The settings with what `--init` says among them. */
function withInit(overrides: readonly string[], init: string | undefined): readonly string[] {
  if (init === undefined) return overrides;
  if (overrides.some((word, i) => i % 2 === 0 && word === INIT)) {
    throw new UserError(`--init is the same as ${INIT}; give one of them`);
  }
  return [...overrides, INIT, init];
}

function resumeCommand(
  { cfg, device, tune, profile, live }: TrainFlags,
  overrides: readonly string[],
): string {
  const options = [
    ...(device ? ["--device", device] : []),
    ...tuneWords(tune),
    ...(profile ? ["--profile"] : []),
    ...(live === undefined ? [] : live === true ? ["--live"] : ["--live", String(live)]),
  ];
  return shellWords([
    ...programWords(),
    "train",
    ...(cfg === null ? [] : ["--cfg", asTyped(cfg)]),
    ...importWords(),
    "--resume",
    ...options,
    ...overrides,
  ]);
}

const NOTHING_SAVED =
  "nothing was saved yet: a run is saved at the end of each epoch, and at Ctrl-C";

/** What a run that failed leaves, and how to go on with it; null where that is nothing. */
function whatIsKept(folder: string, command: string): string | null {
  const latest = wholeStates(folder).find(({ path }) => path === latestPath(folder));
  return latest
    ? `saved: ${visible(asTyped(latest.path))} (${
      describeState(latest)
    }); go on with:\n  ${command}`
    : null;
}

/** What can be refused before the run's folder is made. */
function refuseFlags({ resume, overwrite }: TrainFlags, folder: string): void {
  if (resume !== undefined && overwrite) {
    throw new UserError("--resume goes on with a run and --overwrite starts it again; give one");
  }
  if ((resume === true || resume === "") && !isFolder(folder)) {
    throw new UserError(
      `nothing to resume: there is no ${asTyped(latestPath(folder))}; leave --resume out to start`,
    );
  }
}

/** Prints time by kernel of one more training step, and the JavaScript time of replaying it. */
async function printProfile(step: TrainStep): Promise<void> {
  const recording = await step.recorded();
  if (!recording) return;
  const times = await recording.profile();
  console.log(
    `\none step: ${step.dispatches} dispatches, ${step.jsMilliseconds.toFixed(2)} ms of JavaScript`,
  );
  if (times.length === 0) {
    console.log("this adapter has no timestamps; no times by kernel");
    return;
  }
  const total = times.reduce((sum, time) => sum + time.milliseconds, 0);
  console.log(`${total.toFixed(1)} ms on the device:`);
  console.log("      ms   share  dispatches  kernel");
  for (const { name, dispatches, milliseconds } of times) {
    const share = (100 * milliseconds / total).toFixed(1);
    console.log(
      `${milliseconds.toFixed(2).padStart(8)} ${share.padStart(6)}% ${
        String(dispatches).padStart(11)
      }  ${name}`,
    );
  }
}
