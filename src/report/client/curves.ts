/// <reference lib="dom" />
import type uPlotClass from "uplot";
import { choices, colour, find, make, onColours, onWidth, short } from "./dom.ts";
import type { Axis, Curve, CurveData, CurveFigure, CurvePlaces } from "./page_data.ts";

declare const uPlot: typeof uPlotClass;

const HEIGHT = 232;
const AXES: readonly (readonly [Axis, string])[] = [
  ["epochs", "epochs"],
  ["steps", "steps"],
  ["hours", "hours"],
];

/** Curves in the elements that have the figures' `id`, over an axis that the reader chooses. */
export class CurveSet {
  readonly #plots = new Map<string, CurvePlot>();
  #axis: Axis = "epochs";

  /** Draws them; the choice of the axis goes into the element `curve-controls`. */
  constructor(data: CurveData) {
    this.update(data);
    const known = AXES.filter(([axis]) => data.places.every((each) => each[axis] !== null));
    if (known.length < 2) return;
    find("curve-controls")?.append(choices("over", known, this.#axis, (axis) => {
      this.#axis = axis;
      for (const plot of this.#plots.values()) plot.draw(axis);
    }));
  }

  /** Draws other numbers in the same elements. */
  update(data: CurveData): void {
    for (const figure of data.figures) {
      const host = find(figure.id);
      if (!host) continue;
      const plot = this.#plots.get(figure.id) ?? new CurvePlot(host);
      this.#plots.set(figure.id, plot);
      plot.show(figure, data.places, this.#axis);
    }
  }
}

/** One picture of curves, with a legend that says the numbers under the cursor; arrow keys move that. */
class CurvePlot {
  readonly #host: HTMLElement;
  readonly #area = make("div", { className: "plot", tabIndex: 0 });
  readonly #legend = make("ul", { className: "legend" });
  #figure: CurveFigure | null = null;
  #places: readonly CurvePlaces[] = [];
  #axis: Axis = "epochs";
  #plot: uPlotClass | null = null;
  /** What it draws, and in which colours. */
  #data: uPlotClass.AlignedData = [[]];
  #colours: readonly string[] = [];
  #width = 0;

  constructor(host: HTMLElement) {
    this.#host = host;
    host.append(this.#area, this.#legend);
    this.#area.setAttribute("role", "img");
    this.#area.addEventListener("keydown", (event) => this.#move(event));
    onColours(() => this.#make());
    onWidth(this.#area, (width) => {
      this.#width = width;
      if (this.#plot) this.#plot.setSize({ width, height: HEIGHT });
      else this.#make();
    });
  }

  show(figure: CurveFigure, places: readonly CurvePlaces[], axis: Axis): void {
    const alike = this.#plot && axis === this.#axis && shapeOf(figure) === shapeOf(this.#figure!);
    this.#figure = figure;
    this.#places = places;
    if (alike) this.#grow(this.#plot!);
    else this.draw(axis);
  }

  /** Draws other numbers of the same curves; what was enlarged, and what is read, stays. */
  #grow(plot: uPlotClass): void {
    const { min, max } = plot.scales.x;
    const [x] = this.#data;
    const enlarged = min! > x[0] || max! < x.at(-1)!;
    this.#data = this.#joined();
    plot.setData(this.#data, !enlarged);
    if (enlarged) plot.redraw();
    this.#say(plot.cursor.idx ?? null);
  }

  draw(axis: Axis): void {
    this.#axis = axis;
    this.#make();
  }

  #make(): void {
    const figure = this.#figure;
    if (!figure || this.#width === 0) return;
    this.#plot?.destroy();
    const { curves, levels = [] } = figure;
    this.#data = this.#joined();
    const colours = this.#colours = [...curves, ...levels].map((each) => colour(each.colour));
    this.#plot = new uPlot(
      {
        ...{ width: this.#width, height: HEIGHT, legend: { show: false }, pxAlign: 0 },
        cursor: { points: { size: 7 }, drag: { x: true, y: false } },
        scales: {
          x: { time: false },
          y: figure.logarithmic
            ? { distr: 3 }
            : { range: (_plot, low, high) => range(low, high, figure.fromZero ?? false) },
        },
        axes: [this.#xAxis(), this.#yAxis(figure)],
        series: [
          { label: this.#axis },
          ...lines(curves, colours),
          ...levels.map((level, i) => ({
            ...{ label: level.label, stroke: colours[curves.length + i], width: 1.5, dash: [5, 4] },
            ...{ spanGaps: true, points: { show: false } },
          })),
        ],
        hooks: { setCursor: [(plot) => this.#tell(plot.cursor.idx ?? null)] },
      },
      this.#data,
      this.#area,
    );
    this.#say(null);
  }

  #joined(): uPlotClass.AlignedData {
    const { curves, levels = [] } = this.#figure!;
    return joined(curves, this.#places, this.#axis, levels);
  }

  /** Tells those who do not see it, and shows the numbers at a point. */
  #say(index: number | null): void {
    const { curves, title, unit } = this.#figure!;
    const last = [...curves].map(({ label, values }) => `${label} ${format(lastOf(values), unit)}`);
    this.#area.setAttribute(
      "aria-label",
      `${title}: ${last.join(", ")} at the end; arrow keys read the points`,
    );
    this.#host.dataset.points = String(this.#data[0].length);
    this.#tell(index);
  }

  #xAxis(): uPlotClass.Axis {
    return {
      ...axisStyle(),
      size: 34,
      label: this.#axis,
      labelSize: 18,
      labelGap: 0,
      labelFont: FONT,
    };
  }

  #yAxis({ unit }: CurveFigure): uPlotClass.Axis {
    return {
      ...axisStyle(),
      size: 54,
      values: (_plot, values) => values.map((value) => value === null ? "" : tick(value, unit)),
    };
  }

  /** Shows the numbers at a point, or the last ones. */
  #tell(index: number | null): void {
    const [data, colours] = [this.#data, this.#colours];
    const { curves, levels = [], unit } = this.#figure!;
    const rows = [...curves, ...levels].map(({ label }, i) => {
      const values = data[i + 1] as readonly (number | null)[];
      const value = index === null ? lastOf(values) : nearest(values, index);
      const mark = make("i");
      mark.style.color = colours[i];
      return make("li", {}, mark, label, make("b", { textContent: format(value, unit) }));
    });
    if (index !== null) {
      const at = data[0][index];
      rows.unshift(make("li", { textContent: `${axisWord(this.#axis)} ${short(at)}` }));
    }
    this.#legend.replaceChildren(...rows);
  }

  #move(event: KeyboardEvent): void {
    const plot = this.#plot;
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (!plot || step === undefined) return;
    event.preventDefault();
    const last = plot.data[0].length - 1;
    const index = Math.min(last, Math.max(0, (plot.cursor.idx ?? last) + step));
    plot.setCursor({
      left: plot.valToPos(plot.data[0][index], "x"),
      top: plot.over.clientHeight / 2,
    });
  }
}

const FONT = "12px system-ui, sans-serif";

function axisWord(axis: Axis): string {
  return { epochs: "epoch", steps: "step", hours: "hour" }[axis];
}

function axisStyle(): uPlotClass.Axis {
  return {
    ...{ stroke: colour("soft"), font: FONT, gap: 4 },
    grid: { stroke: colour("grid"), width: 1 },
    ticks: { stroke: colour("grid"), width: 1, size: 4 },
  };
}

/** Curves of which fewer points are known show each of them. */
const FEW = 24;

function isShort({ values }: Curve): boolean {
  return values.filter((value) => value !== null).length < FEW;
}

/** What of a figure is fixed when it is drawn first. */
function shapeOf({ curves, levels = [], logarithmic }: CurveFigure): string {
  const lines = curves.map((curve) => [curve.label, curve.colour, isShort(curve)]);
  return JSON.stringify([lines, levels.map(({ label, colour }) => [label, colour]), logarithmic]);
}

function lines(curves: readonly Curve[], colours: readonly string[]): uPlotClass.Series[] {
  return curves.map((curve, i) => {
    return {
      ...{ label: curve.label, stroke: colours[i], width: 2, spanGaps: true },
      ...(curve.dashed && { dash: [6, 4] }),
      points: { show: isShort(curve), size: 5, fill: colours[i], stroke: colours[i] },
    };
  });
}

/** All curves over the places that any of them has, and their levels. */
function joined(
  curves: readonly Curve[],
  places: readonly CurvePlaces[],
  axis: Axis,
  levels: readonly { readonly value: number }[],
): uPlotClass.AlignedData {
  const xs = ({ places: at }: Curve) => places[at][axis] ?? places[at].epochs;
  const all = [...new Set(curves.flatMap((curve) => [...xs(curve)]))].sort((a, b) => a - b);
  const at = new Map(all.map((x, i) => [x, i]));
  const columns = curves.map((curve) => {
    const column = new Array<number | null>(all.length).fill(null);
    xs(curve).forEach((x, i) => column[at.get(x)!] = curve.values[i] ?? null);
    return column;
  });
  return [all, ...columns, ...levels.map(({ value }) => all.map(() => value))];
}

/** A little room above and below; numbers that are all alike lie in the middle. */
function range(low: number | null, high: number | null, fromZero: boolean): [number, number] {
  if (low === null || high === null || !Number.isFinite(low + high)) return [0, 1];
  if (fromZero && low >= 0) return [0, high === 0 ? 1 : high * 1.08];
  const room = 0.06 * (high - low) || Math.max(1e-6, Math.abs(high) * 0.1);
  return [low - room, high + room];
}

function lastOf(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

/** The number at a point, or the last before it, as the line goes. */
function nearest(values: readonly (number | null)[], index: number): number | null {
  return lastOf(values.slice(0, index + 1));
}

function format(value: number | null, unit: string): string {
  return value === null ? "–" : `${short(value)}${unit && ` ${unit}`}`;
}

function tick(value: number, unit: string): string {
  const text = Math.abs(value) >= 1000 ? `${Number((value / 1000).toPrecision(3))}k` : short(value);
  return unit === "%" ? `${text} %` : text;
}
