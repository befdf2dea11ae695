import { join } from "@std/path";
import { WriteError } from "../formats/atomic_write.ts";
import { ioReason } from "../formats/io_reason.ts";

const CHECKPOINT = /^(latest|best|epoch_\d+|student_(latest|best|\d+))(\.safetensors)?$/;
const LOGS = ["worklog.txt", "metrics.jsonl"];
const OTHERS = ["config.yaml", "train.events"];
/** Where the files of a run lie that is being replaced. */
const ASIDE = "replaced";

function names(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch {
    return [];
  }
}

function isRunFile(name: string): boolean {
  return CHECKPOINT.test(name) || LOGS.includes(name) || OTHERS.includes(name);
}

/** What would be lost if a run started anew in a folder: checkpoints, and logs that are not empty. */
export function runLeftovers(folder: string): string[] {
  return names(folder).filter((name) =>
    CHECKPOINT.test(name) || LOGS.includes(name) && Deno.statSync(join(folder, name)).size > 0
  );
}

/**
 * The run that another one replaces: its files lie aside until the new run has written a checkpoint, and come back where it
 * ends before that. Files of the folder that are no run's stay where they are.
 */
export class ReplacedRun {
  readonly #aside: string;
  #open = true;

  /**
   * Puts the files of the run in `folder` aside. What an earlier run put aside there, which then died without a checkpoint,
   * is kept in its place.
   *
   * @throws WriteError where they cannot be moved
   */
  constructor(readonly folder: string) {
    this.#aside = join(folder, ASIDE);
    this.#do(() => {
      const kept = names(this.#aside).length > 0 && !runLeftovers(folder).some(isCheckpoint);
      if (kept) return this.#remove(folder);
      Deno.mkdirSync(this.#aside, { recursive: true });
      this.#remove(this.#aside);
      this.#move(folder, this.#aside);
    });
  }

  /** Deletes the replaced run. */
  discard(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#do(() => Deno.removeSync(this.#aside, { recursive: true }));
  }

  /** Deletes the new run's files and puts the old ones back, unless they were discarded. */
  putBack(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#do(() => {
      this.#remove(this.folder);
      this.#move(this.#aside, this.folder);
      Deno.removeSync(this.#aside, { recursive: true });
    });
  }

  #move(from: string, to: string): void {
    for (const name of names(from).filter(isRunFile)) {
      Deno.renameSync(join(from, name), join(to, name));
    }
  }

  #remove(folder: string): void {
    for (const name of names(folder).filter(isRunFile)) {
      Deno.removeSync(join(folder, name), { recursive: true });
    }
  }

  #do(action: () => void): void {
    try {
      action();
    } catch (error) {
      const reason = ioReason(error);
      throw new WriteError(`cannot replace the run in ${this.folder}: ${reason}`, { cause: error });
    }
  }
}

function isCheckpoint(name: string): boolean {
  return CHECKPOINT.test(name);
}
