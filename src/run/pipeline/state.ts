import { asTyped } from "../../config/typed_path.ts";
import { UserError } from "../../errors.ts";
import { writeFileAtomic } from "../../formats/atomic_write.ts";
import { ioReason } from "../../formats/io_reason.ts";
import { fileExists } from "../../formats/paths.ts";
import { readRegularFile } from "../../formats/read_file.ts";
import type { Decisions, DistillRequest, Facts } from "./decisions.ts";
import type { RunName } from "./plan.ts";

/** Bytes of the longest state that is read. */
const LONGEST = 2 ** 26;

/** What is known of the data before anything is decided. */
export interface SavedFacts extends Facts {
  /** Images that are measured on. */
  readonly test: number;
  /** Class names. */
  readonly names: readonly string[];
}

/** How a run of a pipeline ended. */
export interface RunRecord {
  /** Top-1 after the last epoch, in percent. */
  readonly lastTop1: number;
  /** Best top-1, in percent. */
  readonly bestTop1: number;
  /** The epoch that had it. */
  readonly bestEpoch: number;
  /** Seconds that it took. */
  readonly seconds: number;
}

/** What a pipeline was asked for, decided and has done; it is written whole after every stage. */
export interface PipelineState {
  /** What was asked for. */
  readonly request: DistillRequest;
  /** What was found; null before. */
  readonly facts: SavedFacts | null;
  /** What was decided; null before. */
  readonly decisions: Decisions | null;
  /** The runs that are done. */
  readonly runs: Readonly<Partial<Record<RunName, RunRecord>>>;
}

/**
 * The state that a file holds; null where there is none.
 *
 * @throws UserError where it cannot be read
 */
export function readState(path: string): PipelineState | null {
  if (!fileExists(path)) return null;
  try {
    const state = JSON.parse(new TextDecoder().decode(readRegularFile(path, LONGEST)));
    if (typeof state?.request === "object" && typeof state?.runs === "object") return state;
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw new UserError(`cannot read ${asTyped(path)}: ${ioReason(error)}`);
    }
  }
  throw new UserError(
    `${asTyped(path)} is not what distill has written; start again with --overwrite`,
  );
}

/** Writes a state where {@linkcode readState} reads it. */
export function writeState(path: string, state: PipelineState): void {
  writeFileAtomic(path, `${JSON.stringify(state, null, 1)}\n`);
}

/** What each part of a request is called on the command line. */
const OPTIONS: Readonly<Record<keyof DistillRequest, string>> = {
  pictures: "the pictures",
  type: "the data set",
  teacher: "--teacher",
  teacherFile: "--teacher",
  teacherInit: "--teacher-init",
  teacherHash: "a teacher's file of SHA-256",
  student: "--student",
  method: "--method",
  epochs: "--epochs",
  size: "--size",
  batch: "--batch-size",
  share: "--validation",
  seed: "--seed",
  overrides: "KEY VALUE pairs",
};

/**
 * Refuses to go on where something else is asked for now.
 *
 * @throws UserError naming it
 */
export function refuseChanges(folder: string, before: DistillRequest, now: DistillRequest): void {
  const keys = Object.keys(OPTIONS) as (keyof DistillRequest)[];
  const changed = keys.find((key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]));
  if (changed === undefined) return;
  const [was, is] = [before, now].map((each) => describe(each[changed]));
  throw new UserError(
    `${asTyped(folder)} was begun with ${
      OPTIONS[changed]
    } ${was}, and now it is ${is}; go on with the same, choose another --name, or start again with --overwrite`,
  );
}

function describe(value: DistillRequest[keyof DistillRequest]): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return "left out";
  return Array.isArray(value) ? value.join(" ") : String(value);
}
