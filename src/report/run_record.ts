import { basename, join, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { resolveConfig } from "../config/resolve_config.ts";
import { asTyped } from "../config/typed_path.ts";
import { UserError } from "../errors.ts";
import { ioReason } from "../formats/io_reason.ts";
import { changedAt, fileExists, isFolder } from "../formats/paths.ts";
import { readRegularFile } from "../formats/read_file.ts";
import type { EpochLine, StepLine } from "../logging/metrics_jsonl.ts";
// What is registered is in the schema.
import "../optim/registry.ts";
import { CheckpointError, loadCheckpoint } from "../run/checkpoints/checkpoint.ts";
import { classifierFile } from "../run/models/classifier.ts";
import { CONFIG_FILE } from "../run/run_file_names.ts";
import { checkpointPath } from "../run/run_files.ts";

const METRICS = "metrics.jsonl";
const WORKLOG = "worklog.txt";

/** What the files of a run say of it. */
export interface RunRecord {
  /** Its folder. */
  readonly folder: string;
  /** A name that tells it from others. */
  readonly name: string;
  /** What it was configured by. */
  readonly config: Config;
  /** Its epochs. */
  readonly epochs: readonly EpochLine[];
  /** Figures between them. */
  readonly points: readonly StepLine[];
  /** Lines of the log that are no such figures, such as one that was cut short. */
  readonly damaged: number;
  /** Whether it came to its end. */
  readonly finished: boolean;
  /** File of the student's weights; null where there is none. */
  readonly student: string | null;
  /** File of the whole run's state that goes with it; null where there is none. */
  readonly state: string | null;
}

/**
 * Reads what a run has written in its folder.
 *
 * @throws UserError where it is no folder of a run, or nothing in it can be read
 */
export function readRun(folder: string): RunRecord {
  refuseOthers(folder);
  const student = studentFile(folder);
  const config = readConfig(folder, student);
  const { epochs, points, damaged } = readMetrics(join(folder, METRICS));
  const last = epochs.at(-1)?.epoch ?? 0;
  const ended = last >= config.SOLVER.EPOCHS ||
    /^best_acc\t/m.test(readText(join(folder, WORKLOG)));
  return {
    ...{ folder, name: basename(resolve(folder)), config, epochs, points, damaged },
    ...{ finished: ended && epochs.length > 0, student, state: stateFile(folder, student) },
  };
}

function refuseOthers(folder: string): void {
  const shown = asTyped(folder);
  if (!isFolder(folder)) {
    throw new UserError(
      fileExists(folder)
        ? `${shown} is a file; a report is made of the folder of a run`
        : `there is no folder ${shown}; name that of a run, such as output/fashion_mnist/wkd_l`,
    );
  }
  const has = [CONFIG_FILE, METRICS].some((name) => fileExists(join(folder, name)));
  if (has || studentFile(folder) !== null) return;
  const below = [...Deno.readDirSync(folder)].map(({ name }) => name).sort()
    .filter((name) => fileExists(join(folder, name, CONFIG_FILE)));
  throw new UserError(
    `${shown} is no run's folder: it has neither ${CONFIG_FILE} nor ${METRICS}` +
      (below.length > 0 ? `; runs are in it, such as ${asTyped(join(folder, below[0]))}` : ""),
  );
}

function studentFile(folder: string): string | null {
  try {
    return classifierFile(folder);
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** The state of the run when it had these weights: `best` beside `student_best`. */
function stateFile(folder: string, student: string | null): string | null {
  if (student === null) return null;
  const name = /latest/.test(basename(student)) ? "latest" : "best";
  const [newest = null] = [name, "latest"].flatMap((each) =>
    ["torch", "safetensors"].map((format) => checkpointPath(folder, each, format))
      .filter(fileExists).sort((a, b) => changedAt(b) - changedAt(a))
  );
  return newest;
}

/** The configuration that was saved; where that is damaged, the one in the checkpoint. */
function readConfig(folder: string, student: string | null): Config {
  const path = join(folder, CONFIG_FILE);
  try {
    if (fileExists(path)) return wholeConfig(path);
  } catch (error) {
    const saved = savedConfig(student);
    if (!saved) throw error;
    return resolveConfig(saved, `the configuration in ${student}`);
  }
  const saved = savedConfig(student);
  if (saved) return resolveConfig(saved, `the configuration in ${student}`);
  throw new UserError(
    `${
      asTyped(folder)
    } says nowhere what was trained: there is no ${CONFIG_FILE} in it, and no checkpoint that has one`,
  );
}

/** @throws UserError also where the last line has no end: what is missing would be taken for the defaults. */
function wholeConfig(path: string): Config {
  const text = readText(path);
  if (text.endsWith("\n")) return resolveConfig(text, path);
  throw new UserError(`${asTyped(path)} is cut short; nothing says what was trained`);
}

function savedConfig(student: string | null): string {
  try {
    return student === null ? "" : loadCheckpoint(student).metadata.config ?? "";
  } catch (error) {
    if (error instanceof CheckpointError) return "";
    throw error;
  }
}

function readText(path: string): string {
  try {
    return new TextDecoder().decode(readRegularFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw new UserError(`cannot read ${asTyped(path)}: ${ioReason(error)}`, { cause: error });
  }
}

/** The figures in a log, the last of those that were written twice. */
function readMetrics(path: string): Pick<RunRecord, "epochs" | "points" | "damaged"> {
  const epochs = new Map<number, EpochLine>();
  const points = new Map<number, StepLine>();
  let damaged = 0;
  for (const line of readText(path).split("\n")) {
    if (line.trim() === "") continue;
    const entry = parsed(line);
    if (isEpoch(entry)) epochs.set(entry.epoch, entry);
    else if (isPoint(entry)) points.set(entry.globalStep, entry);
    else damaged++;
  }
  const sorted = <T>(map: Map<number, T>) => [...map].sort(([a], [b]) => a - b).map(([, x]) => x);
  return { epochs: sorted(epochs), points: sorted(points), damaged };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

type Loose = Readonly<Record<string, unknown>> | null;

function isEpoch(entry: unknown): entry is EpochLine {
  const line = entry as Loose;
  return line?.kind === "epoch" && Number.isInteger(line.epoch) &&
    [line.train, line.test].every((part) => typeof part === "object" && part !== null);
}

function isPoint(entry: unknown): entry is StepLine {
  const line = entry as Loose;
  return line?.kind === "step" && Number.isInteger(line.globalStep) && Number.isInteger(line.epoch);
}
