import { basename, join } from "@std/path";
import { isSavedConfig, savedSettings } from "../config/changed_settings.ts";
import type { Config } from "../config/config.ts";
import { asTyped, typedPath } from "../config/typed_path.ts";
import { UserError } from "../errors.ts";
import { changedAt, fileExists, isFolder, isThere } from "../formats/paths.ts";
import { visible } from "../formats/visible.ts";
import { CheckpointError, HeldCheckpoint, loadCheckpoint } from "./checkpoints/checkpoint.ts";
import { isCheckpoint, runLeftovers } from "./run_file_names.ts";
import { latestPath } from "./run_files.ts";
import type { RunFolder } from "./run_folder.ts";
import { runName } from "./run_paths.ts";
import {
  describeState,
  readSavedState,
  type ReadState,
  type SavedState,
  wholeStates,
} from "./checkpoints/saved_states.ts";

/** Where a run starts: anew, in place of what is in its folder; at the folder's `latest`; or at another checkpoint. */
export type RunStart =
  | { readonly kind: "anew" }
  | { readonly kind: "latest"; readonly held?: HeldCheckpoint }
  | { readonly kind: "from"; readonly state: ReadState };

/** What the command line says of it. */
export interface StartFlags {
  /** Go on with a run that was stopped: at its `latest`, or at the checkpoint that is named. */
  readonly resume?: true | string;
  /** Start again where a run already is. */
  readonly overwrite?: boolean;
}

/**
 * Where a run is to start in its folder.
 *
 * @param tell shows what was found there
 * @throws UserError where it cannot start there, or would lose what is there
 * @throws CheckpointError where the checkpoint is damaged, naming those beside it that are not
 */
export function runStart(
  folder: RunFolder,
  config: Config,
  { resume, overwrite }: StartFlags,
  tell: (message: string) => void,
): RunStart {
  const { path, recovered } = folder;
  if (recovered !== null) {
    const what =
      `the run that was to be replaced is back in ${asTyped(path)} (it lay in ${
        asTyped(recovered)
      }): ` +
      "the new one had ended before its first checkpoint";
    if (resume === true || resume === "") {
      throw new UserError(`${what}; give --resume again to go on with that one`);
    }
    tell(what);
  }
  folder.refuseInTheWay(config);
  if (resume === undefined) {
    if (!overwrite) refuseLeftovers(folder);
    return { kind: "anew" };
  }
  if (resume === true || resume === "") return startAtLatest(folder);
  return startFrom(folder, config, resume);
}

/** Starts at the folder's latest where that is the beginning of the same run, else anew. */
export function startWhereStopped(folder: string, config: Config): RunStart {
  const latest = latestPath(folder);
  try {
    const checkpoint = fileExists(latest) ? loadCheckpoint(latest) : null;
    if (checkpoint && isSavedConfig(checkpoint.metadata.config ?? "", config)) {
      return { kind: "latest", held: new HeldCheckpoint(checkpoint) };
    }
  } catch {
    // A damaged one is written anew.
  }
  return { kind: "anew" };
}

function refuseLeftovers({ path, replaced: { place } }: RunFolder): void {
  const files = runLeftovers(path);
  if (files.length === 0) return;
  const latest = latestPath(path);
  const how = fileExists(latest)
    ? "go on with --resume"
    : `there is no ${basename(latest)} to go on from (${files.join(", ")})${wholeOnes(path)}`;
  throw new UserError(
    `${
      asTyped(path)
    } already holds a run; ${how}, start again with --overwrite, or choose another ` +
      `EXPERIMENT.NAME${whereReplaced(place)}`,
  );
}

function startAtLatest({ path, replaced }: RunFolder): RunStart {
  const latest = latestPath(path);
  if (!fileExists(latest)) {
    const whole = wholeOnes(path);
    const how = whole === "" ? "; leave --resume out to start" : whole;
    throw new UserError(
      `nothing to resume: there is no ${asTyped(latest)}${how}${whereReplaced(replaced.place)}`,
    );
  }
  const { held } = checked(latest, path, replaced.place);
  return { kind: "latest", held };
}

/** Reads a state; where it is damaged, the error names what else there is. */
function checked(file: string, folder: string, place: string | null): ReadState {
  try {
    return readSavedState(file);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    const whole = wholeOnes(folder) ||
      "; no checkpoint beside it is whole: start again with --overwrite";
    throw new CheckpointError(`${error.message}${whole}${whereReplaced(place)}`);
  }
}

/** The checkpoints in a folder that a run can go on from, and how, as a clause; empty where there are none. */
function wholeOnes(folder: string): string {
  const states = wholeStates(folder);
  if (states.length === 0) return "";
  const listed = states.map((state) => `${state.name} (${describeState(state)})`).join(", ");
  return `; whole are ${listed}: go on from one with --resume ${states[0].name}`;
}

function whereReplaced(place: string | null): string {
  return place === null
    ? ""
    : `; the run that this one replaces is in ${asTyped(place)}: --resume ${
      basename(place)
    } takes it back`;
}

function startFrom(folder: RunFolder, config: Config, from: string): RunStart {
  const { path, replaced } = folder;
  if (from === replaced.place || from === basename(replaced.place ?? "")) {
    replaced.putBack();
    return startAtLatest(folder);
  }
  if (
    !isFolder(typedPath(from)) && /^student_/.test(basename(from)) &&
    isCheckpoint(basename(from))
  ) {
    const other = basename(from).replace(/^student_(ema_)?(?=\d)/, "epoch_")
      .replace(/^student_(ema_)?/, "");
    throw new UserError(`${from} holds the student alone; a run goes on from ${other}`);
  }
  const state = checked(findState(folder, from), path, replaced.place);
  if (state.path === latestPath(path)) return { kind: "latest", held: state.held };
  refuseAnotherRun(folder, config, state);
  return { kind: "from", state };
}

/** The file that a name of a checkpoint in the folder, or a path, stands for. */
function findState({ path, replaced: { place } }: RunFolder, from: string): string {
  if (/^(latest|best|epoch_\d+)(\.safetensors)?$/.test(from)) {
    const here = [from, `${from}.safetensors`].map((name) => join(path, name)).filter(fileExists);
    if (here.length > 0) return here.sort((a, b) => changedAt(b) - changedAt(a))[0];
  }
  const file = typedPath(from);
  if (fileExists(file)) return file;
  if (isFolder(file) && fileExists(latestPath(file))) return latestPath(file);
  throw new UserError(
    `nothing to resume: ${asTyped(path)} holds no checkpoint ${visible(from)}, and ${
      isThere(file) ? "that is not a file" : "there is no such file"
    }` +
      (wholeOnes(path) || "; leave --resume out to start") + whereReplaced(place),
  );
}

/** A run that is in the folder goes on from its own checkpoints, or from copies of them. */
function refuseAnotherRun({ path }: RunFolder, config: Config, state: SavedState): void {
  if (runLeftovers(path).length === 0 || isBelow(state.path, path)) return;
  const { PROJECT } = config.EXPERIMENT;
  const saved = savedSettings(state.config).EXPERIMENT as Config["EXPERIMENT"] | undefined;
  const same = saved && saved.PROJECT === PROJECT &&
    runName({ ...config, EXPERIMENT: saved }) === runName(config);
  if (same) return;
  throw new UserError(
    `${asTyped(state.path)} is of another run than the one in ${
      asTyped(path)
    }; choose another EXPERIMENT.NAME for what goes on from it`,
  );
}

function isBelow(file: string, folder: string): boolean {
  return Deno.realPathSync(file).startsWith(join(Deno.realPathSync(folder), "/"));
}
