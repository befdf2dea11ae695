import { dirname, join } from "node:path";
import { WriteError } from "../formats/atomic_write.ts";
import { ioReason } from "../formats/io_reason.ts";
import {
  encodeEvent,
  type EventContent,
  type EventValue,
  tfRecord,
} from "../formats/tensorboard/event.ts";

const VERSION = "brain.Event:2";
const PREFIX = "events.out.tfevents.";
const OWN = /^events\.out\.tfevents\.\d+\.wkd\.\d+$/;

/** Names of the event files in a folder; none where the folder is not there. */
export function eventFiles(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name)
      .filter((name) => name.startsWith(PREFIX)).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw new WriteError(`cannot read ${folder}: ${ioReason(error)}`, { cause: error });
  }
}

/** Those of the event files in a folder that this program wrote. */
export function ownEventFiles(folder: string): string[] {
  return eventFiles(folder).filter((name) => OWN.test(name));
}

/** Removes the event files of this program in a folder, nothing else. */
export function removeEventFiles(folder: string): void {
  for (const name of ownEventFiles(folder)) {
    const path = join(folder, name);
    try {
      Deno.removeSync(path);
    } catch (error) {
      throw new WriteError(`cannot remove ${path}: ${ioReason(error)}`, { cause: error });
    }
  }
}

/** Appends events to a TensorBoard event file, which is made with the first of them. */
export class EventFile {
  #append: ((bytes: Uint8Array) => void) | null = null;

  /**
   * Writes nothing yet.
   *
   * @param folder the folder of the file, which TensorBoard shows as one run
   * @param start the step from which on the folder's earlier events no longer count, or null for none. TensorBoard takes
   * them away, so that a run that goes on shows nothing twice.
   * @param now milliseconds since 1970; default `Date.now`
   */
  constructor(
    readonly folder: string,
    readonly start: number | null,
    readonly now: () => number = Date.now,
  ) {}

  /** Appends one event, whole. */
  write(step: number, values: readonly EventValue[]): void {
    const append = this.#append ??= this.#open(step);
    append(this.#record(step, { values }));
  }

  #open(step: number): (bytes: Uint8Array) => void {
    const append = appendTo(join(this.folder, fileName(this.folder, this.now())));
    const start = this.start ?? step;
    append(this.#record(start, { fileVersion: VERSION }));
    if (this.start !== null) append(this.#record(start, { start: true }));
    return append;
  }

  #record(step: number, content: EventContent): Uint8Array {
    return tfRecord(encodeEvent({ wallTime: this.now() / 1000, step, content }));
  }
}

/** TensorBoard reads the files of a folder in the order of their names, so a new one must sort behind the others. */
function fileName(folder: string, now: number): string {
  const times = eventFiles(folder).map((name) => parseInt(name.slice(PREFIX.length)));
  const last = Math.max(0, ...times.filter(Number.isFinite));
  const seconds = Math.max(Math.floor(now / 1000), last + 1);
  return `${PREFIX}${String(seconds).padStart(10, "0")}.wkd.${Deno.pid}`;
}

/**
 * A function that appends texts or bytes to a file, making the file and its folders where they are missing.
 *
 * @param path the file
 * @returns the function; it throws a `WriteError` that names the file where it cannot be written
 */
export function appendTo(path: string): (content: string | Uint8Array) => void {
  return (content) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    try {
      Deno.mkdirSync(dirname(path), { recursive: true });
      Deno.writeFileSync(path, bytes, { append: true });
    } catch (error) {
      throw new WriteError(`cannot write ${path}: ${ioReason(error)}`, { cause: error });
    }
  };
}
