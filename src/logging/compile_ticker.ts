import { granted } from "../formats/environment.ts";

/** A line that says how long something has been going on. */
export interface TickingLine {
  /** Text before the time. */
  readonly before: string;
  /** Text after the time. */
  readonly after: string;
  /** Milliseconds to add to those since {@linkcode TickingLine.since}. */
  readonly offset: number;
  /** Milliseconds since 1970 when the line was first shown. */
  readonly since: number;
  /** Milliseconds until it is to be shown again. */
  readonly wait: number;
  /** Milliseconds between two more times. */
  readonly period: number;
  /** The terminal's width, where the line is written over itself; null where it is a line each time. */
  readonly columns: number | null;
}

/** Shows a line again and again while this thread does something else. */
export interface Ticker {
  /** Shows a line from now on, in place of the one before. */
  start(line: TickingLine): void;
  /** Shows it no longer. */
  stop(): void;
}

/** What the thread is told. */
export interface ToTicker {
  /** The line. */
  readonly line: TickingLine;
  /** Its number; it is the one to show while the shared number is the same. */
  readonly number: number;
  /** Holds the shared number. */
  readonly current: Int32Array<SharedArrayBuffer>;
}

/**
 * A ticker on standard output in a thread of its own: compiling a kernel holds up this one, in some drivers for a minute,
 * so that no timer runs here.
 */
export class ThreadTicker implements Ticker {
  readonly #current = new Int32Array(new SharedArrayBuffer(4));
  #worker: Worker | null = null;

  start(line: TickingLine): void {
    const number = Atomics.add(this.#current, 0, 1) + 1;
    const url = new URL("./compile_ticker_worker.ts", import.meta.url);
    // A terminal is not asked for the sources of a clock: without them there is none.
    const path = new URL(".", url);
    if (path.protocol === "file:" && !granted({ name: "read", path })) return;
    this.#worker ??= new Worker(url, { type: "module" });
    this.#worker.postMessage({ line, number, current: this.#current } satisfies ToTicker);
  }

  stop(): void {
    if (!this.#worker) return;
    Atomics.add(this.#current, 0, 1);
    this.#worker.terminate();
    this.#worker = null;
  }
}
