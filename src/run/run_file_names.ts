import { join } from "@std/path";
import { temporaryOf } from "../formats/atomic_write.ts";
import { isFolder } from "../formats/paths.ts";
import { ownEventFiles } from "../logging/event_file.ts";

const CHECKPOINT = /^(latest|best|epoch_\d+|student_(ema_)?(latest|best|\d+))(\.safetensors)?$/;
const LOGS = ["worklog.txt", "metrics.jsonl"];
/** Folders of event files, the inner one first. */
const EVENTS = ["train.events/steps", "train.events"];
/** What is left of a check whether the folder can be written. */
const PROBE = /^\.writable-/;

/** The file of a run's configuration. */
export const CONFIG_FILE = "config.yaml";
/** The page about a run. */
export const REPORT_FILE = "report.html";
/** What that shows of the run's models, so that it is computed once. */
export const MODEL_DATA_FILE = "report_data.json";
/** The student's confusion matrix as a table. */
export const CONFUSION_FILE = "confusion.csv";
const REPORTS = [REPORT_FILE, MODEL_DATA_FILE, CONFUSION_FILE];

/** Whether a run writes a checkpoint of that name. */
export function isCheckpoint(name: string): boolean {
  return CHECKPOINT.test(name);
}

/** Whether a run writes a file of that name beside its event files. */
export function isRunFile(name: string): boolean {
  return CHECKPOINT.test(name) || LOGS.includes(name) || name === CONFIG_FILE || isReport(name);
}

/** Whether a report of a run writes a file of that name. */
export function isReport(name: string): boolean {
  return REPORTS.includes(name);
}

function entries(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  } catch {
    return [];
  }
}

/** Paths, below a folder, of the files that a run has written there. Folders of such a name are not the run's. */
export function runFiles(folder: string): string[] {
  const files = entries(folder).filter(({ isDirectory, name }) => !isDirectory && isRunFile(name));
  const events = EVENTS.flatMap((below) => {
    return isFolder(join(folder, below))
      ? ownEventFiles(join(folder, below)).map((name) => `${below}/${name}`)
      : [];
  });
  return [...files.map(({ name }) => name), ...events];
}

/** Names of the checkpoints in a folder. */
export function checkpointsIn(folder: string): string[] {
  return runFiles(folder).filter(isCheckpoint);
}

/** What would be lost if a run started anew in a folder: checkpoints, and logs that are not empty. */
export function runLeftovers(folder: string): string[] {
  return runFiles(folder).filter((name) =>
    isCheckpoint(name) || LOGS.includes(name) && Deno.statSync(join(folder, name)).size > 0
  );
}

/** The folders, below a run's, of which nothing is left once its files are gone. */
export function removeEmptyFolders(folder: string): void {
  for (const below of EVENTS) {
    try {
      Deno.removeSync(join(folder, below));
    } catch {
      // It is not there, or something lies in it that is not the run's.
    }
  }
}

/** Removes what processes that were killed have left of files that they were writing. */
export function removeTemporaries(folder: string): void {
  for (const { name, isFile } of entries(folder)) {
    const of = temporaryOf(name);
    if (!isFile || !(of !== null && isRunFile(of) || PROBE.test(name))) continue;
    Deno.removeSync(join(folder, name));
  }
}

/** Names in a folder where a run that saves every `frequency` epochs has to write a file and a folder lies. */
export function foldersInTheWay(folder: string, frequency: number): string[] {
  return entries(folder).filter(({ name, isDirectory }) => {
    const epoch = /^(?:epoch|student|student_ema)_(\d+)/.exec(name)?.[1];
    return isDirectory && isRunFile(name) && Number(epoch ?? 0) % frequency === 0;
  }).map(({ name }) => name);
}
