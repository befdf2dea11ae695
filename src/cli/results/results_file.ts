import { UserError } from "../../errors.ts";
import { writeFileAtomic } from "../../formats/atomic_write.ts";
import { ioReason } from "../../formats/io_reason.ts";
import { readRegularFile } from "../../formats/read_file.ts";
import { formatSeconds } from "../../logging/text.ts";
import { shellWords } from "../terminal/shell_words.ts";
import { table } from "../terminal/table.ts";
import { type ResultTable, tableWords } from "./tables.ts";

/** A finished run as it is recorded. Accuracies are percent over the test images. */
export interface RecordedRun {
  /** Name of the method. */
  readonly method: string;
  /** Seed of weights, order and augmentation. */
  readonly seed: number;
  /** Top-1 after the last epoch. */
  readonly top1: number;
  /** Best top-1 of all epochs. */
  readonly bestTop1: number;
  /** The epoch it was reached in. */
  readonly bestEpoch: number;
  /** Epochs of the run. */
  readonly epochs: number;
  /** Seconds the run took. */
  readonly seconds: number;
  /** The adapter's name. */
  readonly device: string;
  /** Stands for the configuration, the teacher and the cost matrix. */
  readonly fingerprint: string;
  /** A command that trains the same. */
  readonly command: string;
}

/** Finished runs of a table in a JSON file, and the table that is made of them. */
export class ResultsFile {
  readonly #command: string;
  #runs: RecordedRun[];

  /**
   * Reads what is recorded.
   *
   * @throws UserError where the file is not one of this table's results
   */
  constructor(readonly path: string, readonly table: ResultTable) {
    this.#command = shellWords(["deno", "task", ...tableWords(table)]);
    const saved = readJson<{ command: string; runs: RecordedRun[] }>(path);
    if (saved !== null && !Array.isArray(saved.runs)) {
      throw new UserError(`${path} does not hold results; name another --out`);
    }
    if (saved !== null && saved.command !== this.#command) {
      throw new UserError(`${path} holds the results of another table; name another --out`);
    }
    this.#runs = saved?.runs ?? [];
  }

  /** Whether a run is recorded, with the same settings where a fingerprint stands for them. */
  has(method: string, seed: number, fingerprint?: string): boolean {
    return this.#runs.some((run) =>
      run.method === method && run.seed === seed &&
      run.fingerprint === (fingerprint ?? run.fingerprint)
    );
  }

  /** Records a run, in place of one of the same method and seed, and writes the file. */
  add(run: RecordedRun): void {
    const others = this.#runs.filter(({ method, seed }) =>
      method !== run.method || seed !== run.seed
    );
    const order = this.table.methods.map(({ name }) => name);
    this.#runs = [...others, run].sort((a, b) =>
      order.indexOf(a.method) - order.indexOf(b.method) || a.seed - b.seed
    );
    writeJson(this.path, { command: this.#command, runs: this.#runs });
  }

  /** Mean and range over the seeds of each method, in Markdown. */
  markdown(): string {
    const rows = this.table.methods.flatMap(({ name, title }) => {
      const runs = this.#runs.filter(({ method }) => method === name);
      if (runs.length === 0) return [];
      const last = runs.map(({ top1 }) => top1);
      const best = runs.map(({ bestTop1 }) => bestTop1);
      return [[
        title,
        mean(last).toFixed(2),
        range(last),
        mean(best).toFixed(2),
        String(runs.length),
        formatSeconds(mean(runs.map(({ seconds }) => seconds))),
      ]];
    });
    return table(["method", "top-1", "lowest to highest", "best epoch's", "seeds", "a run"], rows);
  }

  /** Writes the table beside the file, with the extension `.md`; returns its path. */
  writeTable(): string {
    const path = `${this.path.replace(/\.json$/, "")}.md`;
    const devices = [...new Set(this.#runs.map(({ device }) => device))].join("; ");
    const text = [
      `Top-1 accuracy in percent over the test images after the last epoch: mean over the seeds, and the lowest and`,
      `highest. "best epoch's" is the mean of the best evaluation of each run. Made by \`${this.#command}\``,
      `on ${devices}.`,
      "",
      this.markdown(),
      "",
    ].join("\n");
    writeFileAtomic(path, text);
    return path;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function range(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
}

/**
 * Reads a JSON file.
 *
 * @returns its value, or null where there is no file
 * @throws UserError where it cannot be read or is not JSON
 */
export function readJson<T>(path: string): T | null {
  let text: string;
  try {
    text = new TextDecoder().decode(readRegularFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new UserError(`cannot read ${path}: ${ioReason(error)}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path} is not JSON: ${(error as Error).message}; move it away`);
  }
}

/** Writes a value as JSON, indented, whole or not at all. */
export function writeJson(path: string, value: unknown): void {
  writeFileAtomic(path, JSON.stringify(value, null, 2) + "\n");
}
