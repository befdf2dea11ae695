import { visible } from "../formats/visible.ts";
import type {
  EpochEnd,
  Evaluate,
  ModelSummary,
  RunEnd,
  RunStart,
  ScalingMetrics,
  Step,
} from "../train/events.ts";
import { type LinePart, part, sparkline } from "./lines.ts";
import { barText, fixed, formatSeconds, plural, termName } from "./text.ts";

/** Epochs that a status line has room for in its curve. */
const CURVE = 16;
/** A cross-entropy that says that something is wrong. */
const FAR_OFF = 1e6;

/** How long is left, which a line keeps whatever else is cut. */
export function timeLeft(seconds: number): LinePart {
  return part(Number.isFinite(seconds) ? `${formatSeconds(seconds)} left` : "");
}

/** A bar and a count behind it, at the lengths that there may be room for. */
export function barPart(done: number, total: number, unit = ""): LinePart {
  const count = `${done}/${total}${unit && ` ${unit}`}`;
  const bar = (width: number) => `${barText(done / total, width)} ${count}`;
  return part(bar(24), [13, bar(12)], [9, bar(6)], [5, count], [3, ""]);
}

function percent(value: number): string {
  return `${value.toFixed(2)} %`;
}

/** A loss in four or five characters, where it is no larger than that. */
function brief(value: number): string {
  return value.toFixed(Math.abs(value) < 10 ? 2 : 1);
}

/** Terms of the loss, where there are several. */
function termsPart(losses: Readonly<Record<string, number>>): LinePart {
  const terms = Object.entries(losses);
  if (terms.length < 2) return part("");
  const text = (shown: (value: number) => string) =>
    terms.map(([name, value]) => `${termName(name)} ${shown(value)}`).join("  ");
  return part(text((value) => value.toFixed(4)), [12, text(brief)], [8, ""]);
}

function scalingPart(scaling: ScalingMetrics | undefined): LinePart {
  if (!scaling) return part("");
  const { scale, skippedSteps } = scaling;
  return part(`loss scale ${scale}, ${plural(skippedSteps, "step")} skipped`, [11, ""]);
}

function speedPart(imagesPerSecond: number): LinePart {
  const speed = Math.round(imagesPerSecond);
  return part(`${speed} images/s`, [9, `${speed} img/s`], [6, ""]);
}

function place(epoch: number, epochs: number | null): LinePart {
  return part(epochs === null ? `epoch ${epoch}` : `epoch ${epoch}/${epochs}`, [1, ""]);
}

/** A curve of top-1 over the epochs so far; nothing before there are two. */
function curvePart(history: readonly number[]): LinePart {
  return part(history.length > 1 ? sparkline(history, CURVE) : "", [10, ""]);
}

/** What a line is made of beside its event. */
interface Around {
  /** Epochs of the run; null where that was not told. */
  readonly epochs: number | null;
  /** Top-1 of the epochs so far, in percent. */
  readonly history: readonly number[];
  /** Whether a line is written over, so that a bar makes sense. */
  readonly bar: boolean;
}

/** The line while an epoch trains. */
export function stepLine(event: Step, { epochs, history, bar }: Around): readonly LinePart[] {
  const { epoch, step, stepsPerEpoch, loss, losses, top1, scaling } = event;
  return [
    place(epoch, epochs),
    bar ? barPart(step, stepsPerEpoch) : part(`${step}/${stepsPerEpoch}`, [3, ""]),
    part(`loss ${loss.toFixed(4)}`, [7, `loss ${loss.toFixed(2)}`], [4, ""]),
    termsPart(losses),
    part(`top-1 ${percent(top1)}`, [7, `top-1 ${top1.toFixed(1)} %`], [2, ""]),
    curvePart(bar ? history : []),
    speedPart(event.imagesPerSecond),
    scalingPart(scaling),
    timeLeft(event.etaSeconds),
  ];
}

/** The line while an epoch's evaluation runs. */
export function evaluateLine(
  { epoch, done, total, etaSeconds }: Evaluate,
  { epochs, history, bar }: Around,
): readonly LinePart[] {
  return [
    place(epoch, epochs),
    part("evaluating", [4, ""]),
    bar ? barPart(done, total, "images") : part(`${done}/${total} images`, [3, ""]),
    curvePart(bar ? history : []),
    timeLeft(etaSeconds),
  ];
}

/** The line that stays of an epoch. */
export function epochLine(event: EpochEnd): readonly LinePart[] {
  const { epoch, epochs, lr, train, test, bestTop1, bestEpoch, ema } = event;
  const { top5, balancedAccuracy: balanced } = test;
  const seconds = train.seconds + test.seconds + (ema?.test.seconds ?? 0);
  const best = (name: string, top1: number, at: number) => {
    const short = `${name} ${percent(top1)}`;
    return part(`${short} (epoch ${at})`, [9, short], [2, ""]);
  };
  const trained = percent(train.top1);
  return [
    part(`epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`),
    part(`lr ${Number(lr.toPrecision(6))}`, [13, ""]),
    part(
      `train loss ${train.loss.toFixed(4)} top-1 ${trained}`,
      [11, `loss ${train.loss.toFixed(4)}  train ${trained}`],
      [9, `loss ${brief(train.loss)}  train ${trained}`],
      [4, `train ${trained}`],
      [3, ""],
    ),
    termsPart(train.losses),
    part(
      `test loss ${fixed(test.loss, 4)} top-1 ${percent(test.top1)}`,
      // A loss that is far off, or no number, is worth its room.
      [Math.abs(test.loss) < FAR_OFF ? 10 : 4, `test ${percent(test.top1)}`],
    ),
    part(top5 === undefined ? "" : `top-5 ${percent(top5)}`, [14, ""]),
    part(balanced === undefined ? "" : `balanced ${percent(balanced)}`, [5, ""]),
    best("best", bestTop1, bestEpoch),
    ...(ema ? [part(`average ${percent(ema.test.top1)}`, [6, ""])] : []),
    ...(ema ? [best("its best", ema.bestTop1, ema.bestEpoch)] : []),
    part(formatSeconds(seconds), [5, ""]),
    part(`data ${formatSeconds(train.dataSeconds)}`, [15, ""]),
    speedPart(train.imagesPerSecond),
    scalingPart(train.scaling),
  ];
}

function describeModel({ name, parameters }: ModelSummary): string {
  return `${name} (${parameters.toLocaleString("en-US")} parameters)`;
}

/** What runs, and where; `path` shows a folder as it would be typed. */
export function startText(event: RunStart, path: (path: string) => string): string {
  const models = event.teacher
    ? `${describeModel(event.teacher)} teaches ${describeModel(event.student)}`
    : describeModel(event.student);
  const start = event.startEpoch > 1 ? `, from epoch ${event.startEpoch}` : "";
  return (event.config &&
    `${event.config}\n(the others are the defaults; config.yaml has all)\n\n`) +
    `${models}\n${plural(event.epochs, "epoch")} of ${
      plural(event.stepsPerEpoch, "step")
    }${start}, on ${event.device}\n` +
    `files in ${visible(path(event.outputDir))}\n`;
}

/** How it ended: the best, the last, against the teacher, and where to look. */
export function endText(
  event: RunEnd,
  history: readonly number[],
  path: (path: string) => string,
): string {
  const { bestTop1, bestEpoch, lastTop1, epochs, seconds, ema, teacher, report } = event;
  const average = ema ? `; its average ${percent(ema.bestTop1)} after epoch ${ema.bestEpoch}` : "";
  const curve = history.length > 1 ? `  ${sparkline(history, CURVE)}` : "";
  return [
    `best     ${percent(bestTop1)} top-1 after epoch ${bestEpoch} of ${epochs}${average}`,
    `last     ${percent(lastTop1)}, done in ${formatSeconds(seconds)}${curve}`,
    ...(teacher ? [`teacher  ${against(teacher, bestTop1)}`] : []),
    report ? `report   ${visible(path(report))}` : `files    ${visible(path(event.outputDir))}`,
  ].join("\n");
}

function against({ name, top1 }: NonNullable<RunEnd["teacher"]>, best: number): string {
  if (top1 === undefined) return `${name}: not measured yet, which the command report does`;
  const points = best - top1;
  const how = points > 0 ? "above" : "below";
  const difference = Math.abs(points) < 0.005
    ? "as good as the student"
    : `the student is ${Math.abs(points).toFixed(2)} points ${how} it`;
  return `${percent(top1)} (${name}): ${difference}`;
}
