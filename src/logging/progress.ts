import { escapeControls, visible } from "../formats/visible.ts";
import type {
  EpochEnd,
  Evaluate,
  EventSink,
  ModelSummary,
  RunStart,
  ScalingMetrics,
  Step,
} from "../train/events.ts";
import { ThreadTicker, type Ticker } from "./compile_ticker.ts";
import { StatusLine } from "./status_line.ts";
import { isWatched, terminalColumns, writeTerminal } from "./terminal.ts";
import { barText, fixed, formatSeconds, plural } from "./text.ts";

/** Where progress goes. */
export interface ProgressOptions {
  /** Takes the text; default standard output. */
  readonly write?: (text: string) => void;
  /** Whether a line can be written over; default whether standard output is a terminal. */
  readonly tty?: boolean;
  /** Whether to use colours; default on a terminal where NO_COLOR is not set. */
  readonly color?: boolean;
  /** The terminal's width; default its present one. */
  readonly columns?: () => number;
  /** Milliseconds between two plain lines where there is no terminal; default 5000. */
  readonly interval?: number;
  /** The clock, in milliseconds; default `performance.now`. */
  readonly now?: () => number;
  /** How a step and an epoch are told where not as usual; starts and ends of runs are left to whoever says this. */
  readonly texts?: RunTexts;
  /** Shows again what compiles for long; default a thread, or nothing where `write` is given. */
  readonly ticker?: Ticker;
}

/** What stands in place of the usual words. */
export interface RunTexts {
  /** The line of a step. */
  readonly step: (event: Step) => string;
  /** The line of an epoch. */
  readonly epoch: (event: EpochEnd) => string;
  /** The line of an evaluation. */
  readonly evaluate: (event: Evaluate) => string;
}

/** Milliseconds between two pictures of the bar. */
const FRAME = 100;
/** Milliseconds between two times that a terminal says how long a compilation has been going on. */
const TICK = 1000;

function describeModel({ name, parameters }: ModelSummary): string {
  return `${name} (${parameters.toLocaleString("en-US")} parameters)`;
}

function describeScaling(scaling: ScalingMetrics | undefined): string {
  if (!scaling) return "";
  const { scale, skippedSteps } = scaling;
  return `  loss scale ${scale}, ${plural(skippedSteps, "step")} skipped`;
}

function describeStep(event: Step): string {
  return `loss ${event.loss.toFixed(4)}  top-1 ${event.top1.toFixed(2)} %  ` +
    `${Math.round(event.imagesPerSecond)} images/s  ${formatSeconds(event.etaSeconds)} left` +
    describeScaling(event.scaling);
}

function describeBalanced({ balancedAccuracy }: EpochEnd["test"]): string {
  return balancedAccuracy === undefined ? "" : `balanced ${balancedAccuracy.toFixed(2)} %  `;
}

function describeEpoch(
  { epoch, epochs, lr, train, test, bestTop1, bestEpoch, ema }: EpochEnd,
): string {
  const rate = Number(lr.toPrecision(6));
  return `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}  lr ${rate}  ` +
    `train loss ${train.loss.toFixed(4)} top-1 ${train.top1.toFixed(2)} %  ` +
    `test loss ${fixed(test.loss, 4)} top-1 ${test.top1.toFixed(2)} % top-5 ${
      test.top5.toFixed(2)
    } %  ` +
    describeBalanced(test) +
    `best ${bestTop1.toFixed(2)} % (epoch ${bestEpoch})  ` +
    describeAverage(ema) +
    `${formatSeconds(train.seconds + test.seconds + (ema?.test.seconds ?? 0))} (data ${
      formatSeconds(train.dataSeconds)
    }), ${Math.round(train.imagesPerSecond)} images/s` +
    describeScaling(train.scaling);
}

function describeAverage(ema: EpochEnd["ema"]): string {
  return ema
    ? `average top-1 ${ema.test.top1.toFixed(2)} % best ${
      ema.bestTop1.toFixed(2)
    } % (epoch ${ema.bestEpoch})  `
    : "";
}

function describeRun(event: RunStart): string {
  const models = event.teacher
    ? `${describeModel(event.teacher)} teaches ${describeModel(event.student)}`
    : describeModel(event.student);
  const start = event.startEpoch > 1 ? `, from epoch ${event.startEpoch}` : "";
  return `${event.config}\n${models}\n` +
    `${plural(event.epochs, "epoch")} of ${
      plural(event.stepsPerEpoch, "step")
    }${start}, on ${event.device}\n` +
    `files in ${visible(event.outputDir)}\n`;
}

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
    this.#columns = options.columns ?? terminalColumns;
    this.#status = tty ? new StatusLine(this.#write, this.#columns) : null;
    this.#color = options.color ?? (tty && !Deno.noColor);
    this.#period = tty ? FRAME : options.interval ?? 5000;
    this.#now = options.now ?? (() => performance.now());
    this.#ticker = options.ticker ?? (options.write ? null : new ThreadTicker());
  }

  line(text: string, style = 0): void {
    this.#status?.clear();
    const plain = escapeControls(text);
    this.#write(this.#color && style ? `\x1b[${style}m${plain}\x1b[0m\n` : `${plain}\n`);
  }

  /** Something that is only worth seeing now: on the status line, or as a line from time to time. */
  passing(text: string, force = false): void {
    const now = this.#now();
    if (!force && now - this.#last < this.#period) return;
    this.#last = now;
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
    this.passing(before + formatSeconds(ms / 1000) + after, this.#status !== null);
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

  step(event: Step, text?: string): void {
    const isLast = this.#status !== null && event.step === event.stepsPerEpoch;
    if (text !== undefined) return this.passing(text, isLast);
    const place = `epoch ${event.epoch}  `;
    const count = `${event.step}/${event.stepsPerEpoch}`;
    const progress = this.#status ? `${barText(event.step / event.stepsPerEpoch)} ${count}` : count;
    this.passing(
      `${place}${progress}  ${describeStep(event)}`,
      isLast,
    );
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
  const { texts } = options;
  return (event) => {
    if (event.type !== "compile") shown.stopTicking();
    switch (event.type) {
      case "run_start":
        return texts ? undefined : shown.line(describeRun(event));
      case "compile":
        if (event.current !== null) return shown.compile(event.pipelines, event.ms, event.current);
        shown.stopTicking();
        return shown.clear();
      case "step":
        return shown.step(event, texts?.step(event));
      case "evaluate":
        return shown.passing(
          texts?.evaluate(event) ??
            `epoch ${event.epoch}  evaluating ${event.done}/${event.total} images`,
        );
      case "cost_matrix":
        return event.done < event.total
          ? shown.passing(`cost matrix  ${event.done}/${event.total} ${event.what}`)
          : shown.clear();
      case "epoch_end":
        shown.clear();
        return shown.line(texts?.epoch(event) ?? describeEpoch(event), BOLD);
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
        return shown.line(
          `done in ${formatSeconds(event.seconds)}: top-1 ${event.lastTop1.toFixed(2)} %, best ${
            event.bestTop1.toFixed(2)
          } % (epoch ${event.bestEpoch})${
            event.ema
              ? `, average best ${event.ema.bestTop1.toFixed(2)} % (epoch ${event.ema.bestEpoch})`
              : ""
          }; files in ${visible(event.outputDir)}`,
          BOLD,
        );
    }
  };
}
