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
    const place = new Int32Array(count);
    order.forEach((label, at) => place[label] = at);
    const counts = new Map<number, number>();
    const shares = new Float32Array(count * count);
    const most = cells.reduce((most, [, , n]) => Math.max(most, n), 1);
    for (const [from, to, n] of cells) {
      const at = place[from] * count + place[to];
      counts.set(at, n);
      // The root brings out what is rare beside the diagonal.
      shares[at] = Math.sqrt(this.#unit === "rates" ? n / totals[from] : n / most);
    }
    const names = order.map((label) => classes[label]);
    this.#map.show({
      ...{ rows: count, columns: count, shares, rowNames: names, columnNames: names },
      tell: (row, column) => {
        const n = counts.get(row * count + column) ?? 0;
        const total = totals[order[row]];
        const share = total > 0 ? ` (${(100 * n / total).toFixed(1)} %)` : "";
        return row === column
          ? `${names[row]}: ${n} of ${total} found${share}`
          : `${names[row]} taken for ${names[column]}: ${n} of ${total}${share}`;
      },
      text: (row, column) => {
        const n = counts.get(row * count + column);
        if (!n) return "";
        if (this.#unit === "counts") return String(n);
        const percent = 100 * n / totals[order[row]];
        return percent < 1 ? "<1" : percent.toFixed(0);
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

const ORDERS = [["clustered", "clustered"], ["accuracy", "worst first"], [
  "label",
  "label",
]] as const;
const UNITS = [["rates", "rates"], ["counts", "counts"]] as const;
