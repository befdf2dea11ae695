import { escapeControls, visible } from "../formats/visible.ts";
import type { EpochEnd, Evaluate, EventSink, Step } from "../train/events.ts";
import { ThreadTicker, type Ticker } from "./compile_ticker.ts";
import { fitLine, type LinePart, part } from "./lines.ts";
import { endText, epochLine, evaluateLine, startText, stepLine } from "./progress_lines.ts";
import { StatusLine } from "./status_line.ts";
import { isWatched, terminalColumns, writeTerminal } from "./terminal.ts";
import { formatSeconds } from "./text.ts";
import { wrapText } from "./wrap.ts";

/** Where progress goes. */
export interface ProgressOptions {
  /** Takes the text; default standard output. */
  readonly write?: (text: string) => void;
  /** Whether a line can be written over; default whether standard output is a terminal. */
  readonly tty?: boolean;
  /** Whether to use colours; default on a terminal where NO_COLOR is not set. */
  readonly color?: boolean;
  /** The terminal's width; default its present one, or 120 where there is none. */
  readonly columns?: () => number;
  /** Whether to say how a run starts; default true. */
  readonly start?: boolean;
  /** Shows a folder as it would be typed; default as it is. */
  readonly path?: (path: string) => string;
  /** Milliseconds between two plain lines where there is no terminal; default 5000. */
  readonly interval?: number;
  /** The clock, in milliseconds; default `performance.now`. */
  readonly now?: () => number;
  /** How a step and an epoch are told where not as usual; starts and ends of runs are left to whoever says this. */
  readonly texts?: RunTexts;
  /** Shows again what compiles for long; default a thread, or nothing where `write` is given. */
  readonly ticker?: Ticker;
}

/** What stands in place of the usual lines. */
export interface RunTexts {
  /** The line of a step. */
  readonly step: (event: Step) => readonly LinePart[];
  /** The line of an epoch. */
  readonly epoch: (event: EpochEnd) => readonly LinePart[];
  /** The line of an evaluation. */
  readonly evaluate: (event: Evaluate) => readonly LinePart[];
}

/** Milliseconds between two pictures of the bar. */
const FRAME = 100;
/** Milliseconds between two times that a terminal says how long a compilation has been going on. */
const TICK = 1000;
/** Columns of a line where there is no terminal. */
const PLAIN_COLUMNS = 120;

/** The state between events: what is on the status line and when a line was last written. */
class Progress {
  readonly #write: (text: string) => void;
  readonly #status: StatusLine | null;
  readonly #color: boolean;
  readonly #period: number;
  readonly #now: () => number;
  readonly #columns: () => number;
  readonly #ticker: Ticker | null;
  #last = -Infinity;

  constructor(options: ProgressOptions) {
    const tty = options.tty ?? isWatched();
    this.#write = options.write ?? ((text) => writeTerminal("stdout", text));
    this.#columns = options.columns ?? (tty ? terminalColumns : () => PLAIN_COLUMNS);
    this.#status = tty ? new StatusLine(this.#write, this.#columns) : null;
    this.#color = options.color ?? (tty && !Deno.noColor);
    this.#period = tty ? FRAME : options.interval ?? 5000;
    this.#now = options.now ?? (() => performance.now());
    this.#ticker = options.ticker ?? (options.write ? null : new ThreadTicker());
  }

  /** Whether a line is written over. */
  get bar(): boolean {
    return this.#status !== null;
  }

  line(text: string, style = 0): void {
    this.#status?.clear();
    const whole = escapeControls(text);
    const plain = this.#status ? wrapText(whole, this.#columns()) : whole;
    this.#write(this.#color && style ? `\x1b[${style}m${plain}\x1b[0m\n` : `${plain}\n`);
  }

  /** A line of parts that stays, no longer than the terminal. */
  fitted(parts: readonly LinePart[], style: number): void {
    this.line(fitLine(parts, this.#columns()), style);
  }

  /** Something that is only worth seeing now: on the status line, or as a line from time to time. */
  passing(parts: readonly LinePart[], force = false): void {
    const now = this.#now();
    if (!force && now - this.#last < this.#period) return;
    this.#last = now;
    const text = fitLine(parts, this.#status?.room ?? this.#columns());
    if (this.#status) this.#status.show(text);
    else this.line(text);
  }

  clear(): void {
    this.#status?.clear();
    this.#last = -Infinity;
  }

  /** Shows the kernel under way: on a terminal each at once, elsewhere from time to time; and both while it lasts. */
  compile(pipelines: number, ms: number, current: string): void {
    const before = `compiling kernels: ${pipelines} done in `;
    const after = `, now ${current}`;
    this.passing([part(before + formatSeconds(ms / 1000) + after)], this.#status !== null);
    const period = this.#status ? TICK : this.#period;
    this.#ticker?.start({
      ...{ before, after, offset: ms, since: Date.now(), period },
      wait: Math.max(0, period - (this.#now() - this.#last)),
      columns: this.#status ? this.#columns() : null,
    });
  }

  stopTicking(): void {
    this.#ticker?.stop();
  }
}

const BOLD = 1;
const YELLOW = 33;

/**
 * Shows a run in the terminal: a bar with loss, top-1, images a second and time left while an epoch runs, a line for
 * each epoch, and how the run started and ended. Where standard output is not a terminal, a plain line every few
 * seconds takes the bar's place. No terminal mode is changed, so that stopping at any moment leaves the terminal whole.
 */
export function progress(options: ProgressOptions = {}): EventSink {
  const shown = new Progress(options);
  const { texts, start = true, path = (path) => path } = options;
  let epochs: number | null = null;
  const history: number[] = [];
  const around = () => ({ epochs, history, bar: shown.bar });
  return (event) => {
    if (event.type !== "compile") shown.stopTicking();
    switch (event.type) {
      case "run_start":
        epochs = event.epochs;
        return texts || !start ? undefined : shown.line(startText(event, path));
      case "compile":
        if (event.current !== null) return shown.compile(event.pipelines, event.ms, event.current);
        shown.stopTicking();
        return shown.clear();
      case "step": {
        const isLast = shown.bar && event.step === event.stepsPerEpoch;
        return shown.passing(texts?.step(event) ?? stepLine(event, around()), isLast);
      }
      case "evaluate":
        return shown.passing(texts?.evaluate(event) ?? evaluateLine(event, around()));
      case "cost_matrix":
        return event.done < event.total
          ? shown.passing([part(`cost matrix  ${event.done}/${event.total} ${event.what}`)])
          : shown.clear();
      case "epoch_end":
        history.push(event.test.top1);
        shown.clear();
        return shown.fitted(texts?.epoch(event) ?? epochLine(event), BOLD);
      case "checkpoint":
      case "point":
        return;
      case "note":
        return shown.line(visible(event.message));
      case "warning":
        return shown.line(`warning: ${visible(event.message)}`, YELLOW);
      case "interrupted":
        if (texts) return shown.clear();
        return shown.line(
          `stopped and saved at epoch ${event.epoch}, step ${event.step}; go on with:\n  ${event.resumeCommand}`,
          YELLOW,
        );
      case "run_end":
        if (texts) return shown.clear();
        return shown.line(endText(event, history, path), BOLD);
    }
  };
}
