import type { EpochLine } from "../logging/metrics_jsonl.ts";
import { termName } from "../logging/text.ts";
import type { Curve, CurveData, CurveFigure, CurvePlaces } from "./client/page_data.ts";
import type { RunRecord } from "./run_record.ts";

/** Most points of a curve; of more, evenly chosen ones. */
const MOST = 600;
/** Sums of which the largest is so many times the smallest want a logarithmic axis. */
const WIDE = 20;

/** What of a run has curves. */
interface Figures extends Pick<RunRecord, "epochs" | "points"> {
  /** Training steps of an epoch, where that is known. */
  readonly stepsPerEpoch?: number;
}

type Values = readonly (number | null)[];

/** Curves of a run, whose names begin with nothing, or of one of several, of one colour. */
class RunCurves {
  readonly epochs: CurvePlaces;
  readonly points: CurvePlaces;
  /** Its points, or no more than can be drawn. */
  readonly chosen: RunRecord["points"];

  constructor(readonly run: Figures, readonly first: number) {
    const step = Math.max(1, Math.ceil(run.points.length / MOST));
    this.chosen = run.points.filter((_, i) => i % step === step - 1 || step === 1);
    const perEpoch = stepsPerEpoch(run);
    const ends = hoursOf(run.epochs);
    this.epochs = {
      epochs: run.epochs.map(({ epoch }) => epoch),
      steps: perEpoch === null ? null : run.epochs.map(({ epoch }) => epoch * perEpoch),
      hours: ends,
    };
    const parts = this.chosen.map(({ epoch, step }) =>
      perEpoch ? epoch - 1 + step / perEpoch : epoch
    );
    this.points = {
      epochs: parts.map((part) => Number(part.toFixed(4))),
      steps: this.chosen.map(({ globalStep }) => globalStep),
      hours: ends && parts.map((part) => hoursAt(part, run.epochs, ends)),
    };
  }

  /** A curve over the epochs. */
  perEpoch(label: string, colour: string, value: (line: EpochLine) => unknown, dashed = false) {
    return this.#curve(label, colour, this.first, this.run.epochs.map(value), dashed);
  }

  /** A curve over the points, or over the epochs where there are none. */
  perPoint(
    label: string,
    colour: string,
    value: (line: RunRecord["points"][number] | EpochLine["train"]) => unknown,
    dashed = false,
  ): Curve {
    return this.chosen.length > this.run.epochs.length
      ? this.#curve(label, colour, this.first + 1, this.chosen.map(value), dashed)
      : this.#curve(
        label,
        colour,
        this.first,
        this.run.epochs.map(({ train }) => value(train)),
        dashed,
      );
  }

  #curve(
    label: string,
    colour: string,
    places: number,
    values: readonly unknown[],
    dashed: boolean,
  ): Curve {
    return { label, colour, places, dashed, values: values.map(finite) };
  }
}

function finite(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? Number(value.toPrecision(6)) : null;
}

/** Training steps of an epoch; null where nothing says them. */
function stepsPerEpoch({ epochs, points, stepsPerEpoch }: Figures): number | null {
  if (stepsPerEpoch) return stepsPerEpoch;
  const line = epochs.find(({ globalStep }) => globalStep);
  if (line) return line.globalStep! / line.epoch;
  const point = points.findLast(({ epoch }) => epoch > 1);
  if (point) return (point.globalStep - point.step) / (point.epoch - 1);
  return null;
}

/** Hours at the end of each epoch; null where a file does not say them. */
function hoursOf(epochs: readonly EpochLine[]): number[] | null {
  let seconds = 0;
  const hours = epochs.map(({ train, test, ema }) => {
    seconds += train.seconds + test.seconds + (ema?.test.seconds ?? 0);
    return Number((seconds / 3600).toFixed(6));
  });
  return hours.length > 0 && hours.every(Number.isFinite) ? hours : null;
}

/** Hours within an epoch, as if its steps took the same each. */
function hoursAt(part: number, epochs: readonly EpochLine[], ends: readonly number[]): number {
  const index = epochs.findIndex(({ epoch }) => epoch >= part);
  const mean = (ends.at(-1) ?? 0) / Math.max(1, epochs.length);
  if (index < 0) return Number(((ends.at(-1) ?? 0) + (part - epochs.length) * mean).toFixed(6));
  const start = index === 0 ? 0 : ends[index - 1];
  const trained = epochs[index].train.seconds / 3600;
  return Number((start + trained * (part - Math.floor(part) || 1)).toFixed(6));
}

/** The curves of one run, with its teacher's accuracy where that is known. */
export function oneRunCurves(run: Figures, teacherTop1: number | null): CurveData {
  const curves = new RunCurves(run, 0);
  const terms = [...new Set(run.epochs.flatMap(({ train }) => Object.keys(train.losses ?? {})))];
  const lossCurves = [
    curves.perPoint("whole loss", "series-1", ({ loss }) => loss),
    ...(terms.length > 1
      ? terms.map((term, i) =>
        curves.perPoint(termName(term), `series-${i % 6 + 3}`, ({ losses }) => losses?.[term])
      )
      : []),
    curves.perEpoch("cross-entropy, held out", "series-2", ({ test }) => test.loss, true),
  ];
  const hasAverage = run.epochs.some(({ ema }) => ema);
  const figures: CurveFigure[] = [
    {
      id: "curve-loss",
      title: "Loss",
      unit: "",
      curves: lossCurves,
      logarithmic: isWide(lossCurves),
    },
    {
      ...{ id: "curve-top1", title: "Top-1", unit: "%" },
      curves: [
        curves.perEpoch("held out", "student", ({ test }) => test.top1),
        ...(hasAverage
          ? [curves.perEpoch("its average, held out", "series-3", ({ ema }) => ema?.test.top1)]
          : []),
        curves.perPoint("training", "series-8", ({ top1 }) => top1, true),
      ],
      levels: teacherTop1 === null
        ? []
        : [{ label: "teacher", value: Number(teacherTop1.toFixed(2)), colour: "teacher" }],
    },
    ...costCurves([[curves, null]]),
  ];
  return { places: [curves.epochs, curves.points], figures: figures.filter(hasNumbers) };
}

/** What training costs: rates and times of runs, whose names and colours are given where there are several. */
function costCurves(
  runs:
    readonly (readonly [RunCurves, { readonly name: string; readonly colour: string } | null])[],
): CurveFigure[] {
  const each = (make: (run: RunCurves, name: string, colour: string) => Curve, alone: string) =>
    runs.map(([run, one]) => make(run, one?.name ?? alone, one?.colour ?? "series-1"));
  const single = runs.length === 1 && runs[0][1] === null ? runs[0][0] : null;
  return [
    {
      ...{ id: "curve-lr", title: "Learning rate", unit: "", fromZero: true },
      curves: each(
        (run, name, colour) =>
          run.chosen.length > run.run.epochs.length
            ? run.perPoint(name, colour, (line) => "lr" in line ? line.lr : null)
            : run.perEpoch(name, colour, ({ lr }) => lr),
        "learning rate",
      ),
    },
    {
      ...{ id: "curve-speed", title: "Speed", unit: "images/s", fromZero: true },
      curves: each(
        (run, name, colour) => run.perPoint(name, colour, ({ imagesPerSecond }) => imagesPerSecond),
        "training",
      ),
    },
    {
      ...{ id: "curve-data", title: "Time of an epoch", unit: "s", fromZero: true },
      curves: single
        ? [
          single.perEpoch("steps", "series-1", ({ train }) => train.stepSeconds),
          single.perEpoch("waiting for data", "series-2", ({ train }) => train.dataSeconds),
          single.perEpoch("evaluation", "series-3", ({ test }) => test.seconds),
        ]
        : each(
          (run, name, colour) => run.perEpoch(name, colour, ({ train }) => train.dataSeconds),
          "",
        ),
      ...(single ? {} : { title: "Waiting for data, an epoch" }),
    },
    {
      ...{ id: "curve-memory", title: "Device memory", unit: "MiB", fromZero: true },
      curves: each(
        (run, name, colour) =>
          run.perEpoch(name, colour, ({ memory }) => memory && memory / 2 ** 20),
        "most at once",
      ),
    },
  ];
}

/** The curves of several runs over one another, a colour each. */
export function severalRunsCurves(
  runs: readonly RunRecord[],
  names: readonly string[],
): CurveData {
  const all = runs.map((run, i) => {
    const one = { name: names[i], colour: `series-${i % 8 + 1}` };
    return [new RunCurves(run, 2 * i), one] as const;
  });
  const dashed = (i: number) => i >= 8;
  const figures: CurveFigure[] = [
    {
      ...{ id: "curve-top1", title: "Top-1, held out", unit: "%" },
      curves: all.map(([run, { name, colour }], i) =>
        run.perEpoch(name, colour, ({ test }) => test.top1, dashed(i))
      ),
    },
    {
      ...{ id: "curve-train", title: "Top-1, training", unit: "%" },
      curves: all.map(([run, { name, colour }], i) =>
        run.perPoint(name, colour, ({ top1 }) => top1, dashed(i))
      ),
    },
    {
      ...{ id: "curve-test-loss", title: "Cross-entropy, held out", unit: "" },
      curves: all.map(([run, { name, colour }], i) =>
        run.perEpoch(name, colour, ({ test }) => test.loss, dashed(i))
      ),
    },
    withScale({
      ...{ id: "curve-loss", title: "Loss, training", unit: "" },
      curves: all.map(([run, { name, colour }], i) =>
        run.perPoint(name, colour, ({ loss }) => loss, dashed(i))
      ),
    }),
    ...costCurves(all),
  ];
  const places = all.flatMap(([{ epochs, points }]) => [epochs, points]);
  return { places, figures: figures.filter(hasNumbers) };
}

function withScale(figure: CurveFigure): CurveFigure {
  return { ...figure, logarithmic: isWide(figure.curves) };
}

function isWide(curves: readonly Curve[]): boolean {
  const values = curves.flatMap(({ values }) => [...numbersOf(values)]);
  if (values.length === 0 || values.some((value) => value <= 0)) return false;
  return values.reduce((a, b) => Math.max(a, b)) > WIDE * values.reduce((a, b) => Math.min(a, b));
}

function numbersOf(values: Values): number[] {
  return values.filter((value) => value !== null);
}

function hasNumbers({ curves }: CurveFigure): boolean {
  return curves.some(({ values }) => numbersOf(values).length > 0);
}
