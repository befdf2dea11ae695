import { basename, dirname, join } from "@std/path";
import type { Config } from "../config/config.ts";
import { asTyped } from "../config/typed_path.ts";
import { WriteError } from "../formats/atomic_write.ts";
import { ioReason } from "../formats/io_reason.ts";
import { CheckpointError, type HeldCheckpoint, loadCheckpoint } from "./checkpoints/checkpoint.ts";
import { isCheckpoint, isReport, runFiles, runLeftovers } from "./run_file_names.ts";
import { checkpointPath } from "./run_files.ts";
import type { RunFolder } from "./run_folder.ts";
import type { RunStart } from "./run_start.ts";
import {
  describeState,
  readSavedState,
  type ReadState,
  type SavedState,
} from "./checkpoints/saved_states.ts";

/**
 * Readies a folder for a run that starts there: what it replaces is put aside, and where it starts at a checkpoint, that is
 * its `latest`, with the checkpoints, logs and events that come before.
 *
 * @param tell shows where the replaced run is
 * @param takesBack whether the command has `--resume`, which takes it back
 * @returns the configuration with the places where its files lie now, and whether the folder's `latest` is where to go on
 */
export function beginRun(
  folder: RunFolder,
  config: Config,
  start: RunStart,
  tell: (message: string) => void,
  takesBack: boolean,
): { config: Config; resume: boolean; latest?: HeldCheckpoint } {
  const { path, replaced } = folder;
  const resume = start.kind !== "anew";
  if (start.kind === "latest") {
    if (replaced.place !== null) tell(untilReplaced(replaced.place, takesBack));
    return { config, resume, latest: start.held };
  }
  const { state = null } = start.kind === "from" ? start : {};
  if (runLeftovers(path).length === 0) {
    if (state) writing(path, () => copyState(state, state.path, path));
    return { config, resume, latest: state?.held };
  }
  const inFolder = state && replaced.locate(state.path)?.aside === null;
  const aside = folder.putAside(config, state?.finished ?? 0);
  if (state) {
    const file = inFolder ? join(aside.place, state.name) : state.path;
    writing(path, () => bringBack(aside.place, path, state, file));
    tell(`going on from ${asTyped(state.path)} (${describeState(state)})`);
  }
  replaced.settle();
  tell(untilReplaced(aside.place, takesBack));
  return { config: aside.config, resume, latest: state?.held };
}

/** Ends a run: says where what it would have replaced is. */
export function endRun(
  { path, replaced, check }: RunFolder,
  finished: boolean,
  tell: (message: string) => void,
  takesBack: boolean,
): void {
  try {
    check();
  } catch {
    // The folder is not this run's any more, and that ended it.
    return;
  }
  try {
    if (finished) return replaced.place === null ? undefined : replaced.discard();
    const back = replaced.undoEarly();
    if (back !== null) tell(`the run that was to be replaced is back in ${asTyped(path)}`);
    else if (replaced.place !== null) tell(untilReplaced(replaced.place, takesBack));
  } catch (error) {
    // What ended the run is the error to report.
    tell((error as Error).message);
  }
}

function untilReplaced(place: string, takesBack: boolean): string {
  const how = takesBack ? `; --resume ${basename(place)} takes it back` : "";
  return `the run that this one replaces is in ${
    asTyped(place)
  } until the next epoch is saved${how}`;
}

/** Brings what came before a state out of the run that was put aside, and makes the state the folder's `latest`. */
function bringBack(aside: string, folder: string, state: ReadState, file: string): void {
  for (const name of runFiles(aside)) {
    // A report is of the run's end.
    if (isReport(name)) continue;
    if (!isCheckpoint(name)) {
      const event = name.includes("/");
      Deno.mkdirSync(dirname(join(folder, name)), { recursive: true });
      // Logs are appended to, and cut; nothing changes event files of earlier processes, nor checkpoints.
      if (event) linkFile(join(aside, name), join(folder, name));
      else Deno.copyFileSync(join(aside, name), join(folder, name));
    } else if (isBefore(aside, name, state)) linkFile(join(aside, name), join(folder, name));
  }
  copyState(state, file, folder);
}

/** Whether a checkpoint was written before the run came to a state. */
function isBefore(aside: string, name: string, { finished }: SavedState): boolean {
  const student = /^student_(?:ema_)?(\d+)/.exec(name);
  if (student) return Number(student[1]) <= finished;
  if (/^(student_(ema_)?)?latest/.test(name)) return false;
  try {
    // The average has its best at epochs of its own.
    if (/^student_ema_/.test(name)) {
      return Number(loadCheckpoint(join(aside, name)).metadata.epoch) <= finished;
    }
    return readSavedState(join(aside, name.replace("student_", ""))).finished <= finished;
  } catch (error) {
    if (error instanceof CheckpointError) return false;
    throw error;
  }
}

function copyState({ kind }: ReadState, file: string, folder: string): void {
  Deno.copyFileSync(
    file,
    checkpointPath(folder, "latest", kind === "safetensors" ? kind : "torch"),
  );
}

function linkFile(from: string, to: string): void {
  try {
    Deno.linkSync(from, to);
  } catch {
    // Not every file system has links.
    Deno.copyFileSync(from, to);
  }
}

function writing(folder: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    throw new WriteError(`cannot write to ${asTyped(folder)}: ${ioReason(error)}`, {
      cause: error,
    });
  }
}
