/// <reference lib="dom" />
import { type Cell, unpackCells } from "./bytes.ts";
import { choices, find, make } from "./dom.ts";
import { HeatMap, scale } from "./heat_map.ts";
import type { ConfusionData } from "./page_data.ts";

type Order = "clustered" | "accuracy" | "label";
type Unit = "rates" | "counts";

/** The confusion matrix with its choices: whose, in which order, counts or rates. */
export class ConfusionFigure {
  readonly #map: HeatMap;
  readonly #scale = make("div");
  readonly #cells: readonly (readonly Cell[])[];
  #model = 0;
  #order: Order = "clustered";
  #unit: Unit = "rates";

  /** Draws into the element `confusion-figure`, and its choices into `confusion-controls`. */
  constructor(host: HTMLElement, readonly data: ConfusionData) {
    const { classes, models } = data;
    this.#cells = models.map(({ cells }) => unpackCells(cells, classes.length));
    this.#map = new HeatMap(host, "Confusion matrix");
    host.append(this.#scale);
    const controls = find("confusion-controls");
    if (models.length > 1) {
      controls?.append(
        choices("of", models.map(({ name }) => [name, name] as const), models[0].name, (name) => {
          this.#model = models.findIndex((model) => model.name === name);
          this.#draw();
        }),
      );
    }
    controls?.append(
      choices("order", ORDERS, this.#order, (order) => {
        this.#order = order;
        this.#draw();
      }),
      choices("show", UNITS, this.#unit, (unit) => {
        this.#unit = unit;
        this.#draw();
      }),
      this.#download(),
    );
    this.#draw();
  }

  #draw(): void {
    const { classes } = this.data;
    const count = classes.length;
    const cells = this.#cells[this.#model];
    const totals = new Float64Array(count);
    const right = new Float64Array(count);
    for (const [from, to, n] of cells) {
      totals[from] += n;
      if (from === to) right[from] += n;
    }
    const order = this.#ordered(totals, right);
    const matrix = new FoldedMatrix(order, cells, totals);
    const { size, most } = matrix;
    const shares = new Float32Array(size * size);
    matrix.counts.forEach((n, at) => {
      const all = this.#unit === "rates" ? matrix.totals[Math.floor(at / size)] : most;
      // The root brings out what is rare beside the diagonal.
      shares[at] = Math.sqrt(n / Math.max(1, all));
    });
    const names = matrix.blocks.map((labels) => blockName(labels.map((label) => classes[label])));
    const percent = (row: number, column: number) =>
      100 * matrix.counts[row * size + column] / Math.max(1, matrix.totals[row]);
    this.#map.show({
      ...{ rows: size, columns: size, shares, rowNames: names, columnNames: names },
      tell: (row, column) => {
        const of = `${matrix.counts[row * size + column]} of ${matrix.totals[row]}`;
        const what = row !== column
          ? `${names[row]} taken for ${names[column]}: ${of}`
          : size === count
          ? `${names[row]}: ${of} found`
          : `${names[row]}: ${of} found among these`;
        return `${what} (${percent(row, column).toFixed(1)} %)`;
      },
      text: (row, column) => {
        const n = matrix.counts[row * size + column];
        if (n === 0) return "";
        if (this.#unit === "counts") return String(n);
        return percent(row, column) < 1 ? "<1" : percent(row, column).toFixed(0);
      },
    });
    this.#scale.replaceChildren(
      this.#unit === "rates" ? scale(0, 100, " %") : scale(0, most, " images"),
    );
  }

  #ordered(totals: Float64Array, right: Float64Array): number[] {
    const labels = [...totals.keys()];
    if (this.#order === "label") return labels;
    if (this.#order === "clustered") return [...this.data.clustered];
    const rate = (label: number) => totals[label] > 0 ? right[label] / totals[label] : 0;
    return labels.sort((a, b) => rate(a) - rate(b) || a - b);
  }

  #download(): HTMLElement {
    const button = make("button", { type: "button", textContent: "Save as CSV" });
    button.addEventListener("click", () => {
      const file = new Blob([this.#csv()], { type: "text/csv" });
      const link = make("a", { href: URL.createObjectURL(file), download: "confusion.csv" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    return button;
  }

  #csv(): string {
    const { classes } = this.data;
    const rows = classes.map(() => new Uint32Array(classes.length));
    for (const [from, to, n] of this.#cells[this.#model]) rows[from][to] = n;
    const quoted = (text: string) =>
      /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    const lines = rows.map((row, i) => [quoted(classes[i]), ...row].join(","));
    return [["true \\ found", ...classes.map(quoted)].join(","), ...lines, ""].join("\n");
  }
}

/** A confusion matrix with its classes in an order, of many classes several in a row. */
class FoldedMatrix {
  readonly blocks: number[][] = [];
  /** [size, size] */
  readonly counts: Float64Array;
  /** Images of each row. */
  readonly totals: Float64Array;
  /** The largest count. */
  readonly most: number;

  constructor(order: readonly number[], cells: readonly Cell[], totals: Float64Array) {
    const length = Math.ceil(order.length / MOST);
    for (let i = 0; i < order.length; i += length) this.blocks.push(order.slice(i, i + length));
    const { size } = this;
    const place = new Int32Array(order.length);
    this.totals = new Float64Array(size);
    this.blocks.forEach((labels, at) =>
      labels.forEach((label) => {
        place[label] = at;
        this.totals[at] += totals[label];
      })
    );
    this.counts = new Float64Array(size * size);
    for (const [from, to, n] of cells) this.counts[place[from] * size + place[to]] += n;
    this.most = this.counts.reduce((a, b) => Math.max(a, b), 1);
  }

  /** Rows. */
  get size(): number {
    return this.blocks.length;
  }
}

/** Most rows of the picture. */
const MOST = 200;

function blockName(names: readonly string[]): string {
  return names.length === 1 ? names[0] : `${names[0]} … ${names.at(-1)}`;
}

const ORDERS = [["clustered", "clustered"], ["accuracy", "worst first"], [
  "label",
  "label",
]] as const;
const UNITS = [["rates", "rates"], ["counts", "counts"]] as const;
