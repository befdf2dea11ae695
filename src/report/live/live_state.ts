import { fitLine } from "../../logging/lines.ts";
import type { EpochLine, StepLine } from "../../logging/metrics_jsonl.ts";
import { epochLine } from "../../logging/progress_lines.ts";
import { termName } from "../../logging/text.ts";
import type { EpochEnd, Step, TrainEvent } from "../../train/events.ts";
import type { LiveLines } from "../client/live_data.ts";
import type { CurveData } from "../client/page_data.ts";
import { oneRunCurves } from "../run_curves.ts";

/** Lines of the log that are kept. */
const LINES = 200;
/** Points of the curves between epochs that are kept; of more every second one. */
const POINTS = 800;
/** Columns of an epoch's line, which a page may break. */
const COLUMNS = 160;
/** Characters of a line; the rest of a longer one is cut. */
const LONGEST = 2000;

/** What a run does now. */
export type LivePhase =
  | "starting"
  | "compiling"
  | "training"
  | "evaluating"
  | "cost matrix"
  | "measuring"
  | "stopping"
  | "done"
  | "stopped"
  | "ended";

/** Where a run is. */
export interface LiveStatus {
  /** Who is trained, and by whom. */
  readonly title: string;
  /** What it does. */
  readonly phase: LivePhase;
  /** More of that, such as the kernel that is compiled, or why it ended. */
  readonly detail: string;
  /** The stage of a pipeline, such as `2/5 teacher`; empty where there is none. */
  readonly stage: string;
  /** Epoch under way, counted from 1; 0 before the first. */
  readonly epoch: number;
  /** Epochs of the run; 0 before that is known. */
  readonly epochs: number;
  /** Steps of the epoch that are done. */
  readonly step: number;
  /** Steps of an epoch. */
  readonly stepsPerEpoch: number;
  /** How much of the run is done, from 0 to 1. */
  readonly part: number;
  /** Seconds until it ends; null where that is not known. */
  readonly secondsLeft: number | null;
  /** The whole loss now; null before the first step. */
  readonly loss: number | null;
  /** Its terms by the names that people know. */
  readonly terms: readonly (readonly [name: string, value: number])[];
  /** Top-1 of the last evaluation in percent; null before the first. */
  readonly top1: number | null;
  /** The best so far and its epoch; null before the first evaluation. */
  readonly best: { readonly top1: number; readonly epoch: number } | null;
  /** Training images a second; null before the first step. */
  readonly imagesPerSecond: number | null;
  /** The most bytes that tensors took on the device, if that is known; and those that the process takes of the machine. */
  readonly memory: { readonly device: number | null; readonly process: number | null };
  /** Folder of the run's files. */
  readonly folder: string;
  /** The device's name. */
  readonly device: string;
  /** Whether the run can be stopped from the page. */
  readonly stops: boolean;
  /** The command that goes on; empty where there is none. */
  readonly command: string;
}

/** What a run tells of itself beside the trainer's events. */
export type LiveNews =
  | TrainEvent
  /** A stage of a pipeline begins. */
  | { readonly type: "stage"; readonly name: string; readonly at: number; readonly of: number }
  /** Something of a stage is counted. */
  | {
    readonly type: "counted";
    readonly what: string;
    readonly done: number;
    readonly total: number;
  }
  /** Bytes of memory now. */
  | { readonly type: "memory"; readonly device: number | null; readonly process: number | null }
  /** Somebody asked the run to stop. */
  | { readonly type: "stopping" }
  /** The process ends, and why; `null` where it came to its end. */
  | { readonly type: "end"; readonly reason: string | null };

const NOTHING: LiveStatus = {
  ...{ title: "", phase: "starting", detail: "", stage: "", epoch: 0, epochs: 0, step: 0 },
  ...{ stepsPerEpoch: 0, part: 0, secondsLeft: null, loss: null, terms: [], top1: null },
  ...{ best: null, imagesPerSecond: null, memory: { device: null, process: null } },
  ...{ folder: "", device: "", stops: false, command: "" },
};

/** What a page that watches a run shows, kept up to date by what the run tells; its size is bounded. */
export class LiveState {
  #status: LiveStatus;
  /** What it was before something was compiled. */
  #meanwhile: LiveStatus = NOTHING;
  #epochs: EpochLine[] = [];
  #points: StepLine[] = [];
  /** How often the curves have changed. */
  changes = 0;
  #lines: string[] = [];
  /** Lines that came before those that are kept. */
  #before = 0;

  /** Knows nothing of the run but what is given. */
  constructor(start: Partial<LiveStatus> = {}) {
    this.#status = { ...NOTHING, ...start };
  }

  /** Where the run is. */
  get status(): LiveStatus {
    return this.#status;
  }

  /** The last lines of the log, from line `first` on. */
  lines(first = 0): LiveLines {
    const from = Math.max(first, this.#before);
    return { first: from, lines: this.#lines.slice(from - this.#before) };
  }

  /** All curves. */
  curves(): CurveData {
    const { stepsPerEpoch } = this.#status;
    return oneRunCurves({ epochs: this.#epochs, points: this.#points, stepsPerEpoch }, null);
  }

  /** Takes what the run tells. */
  take(news: LiveNews): void {
    switch (news.type) {
      case "run_start":
        return this.#start(news);
      case "compile":
        return this.#compile(news);
      case "step":
        return this.#step(news);
      case "evaluate":
        this.#doing("evaluating", `${news.done} of ${news.total} images`);
        return this.#set({ secondsLeft: finite(news.etaSeconds), epoch: news.epoch });
      case "cost_matrix":
        return this.#doing("cost matrix", `${news.done} of ${news.total} ${news.what}`);
      case "counted":
        return this.#doing("measuring", `${news.what}: ${news.done} of ${news.total}`);
      case "epoch_end":
        return this.#epoch(news);
      case "stage":
        return this.#stage(news);
      case "memory":
        return this.#set({ memory: { device: news.device, process: news.process } });
      case "note":
        return this.line(news.message);
      case "warning":
        return this.line(`warning: ${news.message}`);
      case "stopping":
        return this.#doing("stopping", "after the step under way");
      case "interrupted":
        this.line(`stopped and saved at epoch ${news.epoch}, step ${news.step}`);
        this.#doing("stopped", `saved at epoch ${news.epoch}, step ${news.step}`);
        return this.#set({ command: news.resumeCommand, secondsLeft: null, stops: false });
      case "run_end":
        this.line(`done: best ${news.bestTop1.toFixed(2)} % after epoch ${news.bestEpoch}`);
        this.#doing("done", news.report ? `the report is ${news.report}` : "");
        return this.#set({ part: 1, secondsLeft: 0 });
      case "end":
        return this.#end(news.reason);
    }
  }

  /** Adds a line to the log. */
  line(text: string): void {
    this.#lines.push(text.slice(0, LONGEST));
    const more = this.#lines.length - LINES;
    if (more <= 0) return;
    this.#lines.splice(0, more);
    this.#before += more;
  }

  /** Forgets the figures of a run, since another begins. */
  forget(): void {
    this.changes++;
    [this.#epochs, this.#points] = [[], []];
    this.#set({ epoch: 0, step: 0, part: 0, secondsLeft: null, loss: null, terms: [] });
    this.#set({ top1: null, best: null, imagesPerSecond: null, command: "" });
  }

  #start(event: TrainEvent & { type: "run_start" }): void {
    const { epochs, stepsPerEpoch, startEpoch, outputDir: folder, teacher, student } = event;
    this.forget();
    const title = teacher ? `${teacher.name} teaches ${student.name}` : student.name;
    const part = (startEpoch - 1) / Math.max(1, epochs);
    this.#set({ title, epochs, stepsPerEpoch, part, folder, device: event.device });
    this.#set({ epoch: startEpoch });
    this.line(`${title}: ${epochs} epochs of ${stepsPerEpoch} steps, on ${event.device}`);
  }

  /** Compiling comes between whatever else is done. */
  #compile({ current, pipelines }: TrainEvent & { type: "compile" }): void {
    if (this.#status.phase !== "compiling") this.#meanwhile = this.#status;
    if (current !== null) return this.#doing("compiling", `${current}, ${pipelines} kernels done`);
    const { phase, detail } = this.#meanwhile;
    this.#doing(phase === "starting" ? "training" : phase, detail);
  }

  #step(event: Step): void {
    const { epoch, step, stepsPerEpoch, loss, losses, imagesPerSecond, etaSeconds } = event;
    const globalStep = (epoch - 1) * stepsPerEpoch + step;
    const { type: _, stepsPerEpoch: __, etaSeconds: ___, scaling: ____, ...figures } = event;
    this.point({ kind: "step", ...figures, globalStep, steps: step });
    const part = (epoch - 1 + step / stepsPerEpoch) / Math.max(1, this.#status.epochs);
    this.#doing("training", "");
    this.#set({ epoch, step, stepsPerEpoch, part, loss, imagesPerSecond });
    this.#set({ terms: termsOf(losses), secondsLeft: finite(etaSeconds) });
  }

  #epoch(event: EpochEnd): void {
    const { type: _, ...line } = event;
    this.epoch({ kind: "epoch", ...line });
    this.line(fitLine(epochLine(event), COLUMNS));
  }

  /** Takes the figures between two points. */
  point(line: StepLine): void {
    this.changes++;
    this.#points.push(line);
    if (this.#points.length > POINTS) this.#points = this.#points.filter((_, i) => i % 2 === 1);
  }

  /** Takes the figures of an epoch. */
  epoch(line: EpochLine): void {
    this.changes++;
    this.#epochs.push(line);
    const { epoch, epochs, test, train, bestTop1, bestEpoch } = line;
    const best = { top1: bestTop1, epoch: bestEpoch };
    const { memory } = this.#status;
    if (line.memory) this.#set({ memory: { ...memory, device: line.memory } });
    this.#set({ epoch, epochs, part: epoch / epochs, top1: finite(test.top1), best });
    this.#set({ loss: finite(train.loss), terms: termsOf(train.losses) });
    this.#set({ imagesPerSecond: finite(train.imagesPerSecond) });
  }

  #stage({ name, at, of }: LiveNews & { type: "stage" }): void {
    this.forget();
    this.#set({ stage: `${at}/${of} ${name}`, title: name, epochs: 0 });
    this.#doing("starting", "");
    this.line(`[${at}/${of}] ${name}`);
  }

  #end(reason: string | null): void {
    const { phase } = this.#status;
    this.#set({ stops: false, secondsLeft: null });
    if (phase === "stopped") return;
    if (reason === null) return phase === "done" ? undefined : this.#doing("done", "");
    this.line(reason);
    this.#doing("ended", reason);
  }

  #doing(phase: LivePhase, detail: string): void {
    // Until it has stopped, that it will is what matters.
    const stays = this.#status.phase === "stopping" &&
      !["stopping", "stopped", "done", "ended"].includes(phase);
    if (!stays) this.#set({ phase, detail: detail.slice(0, LONGEST) });
  }

  /** Changes what is known. */
  #set(change: Partial<LiveStatus>): void {
    this.#status = { ...this.#status, ...change };
  }

  /** Changes what is known of a run that another process trains. */
  tell(change: Partial<LiveStatus>): void {
    this.#set(change);
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function termsOf(losses: Readonly<Record<string, number>> = {}): [string, number][] {
  return Object.entries(losses).filter(([, value]) => Number.isFinite(value))
    .map(([name, value]) => [termName(name), value]);
}
