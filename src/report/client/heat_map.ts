/// <reference lib="dom" />
import { fromBase64 } from "./bytes.ts";
import { find, make, onColours, onWidth, rgb, short } from "./dom.ts";
import type { HeatData } from "./page_data.ts";

/** A matrix that can be drawn: its cells and what they say. */
export interface HeatCells {
  readonly rows: number;
  readonly columns: number;
  /** 0 to 1 for each cell; below 0 where there is nothing. */
  readonly shares: Float32Array;
  readonly rowNames: readonly string[];
  readonly columnNames: readonly string[];
  /** What a cell says, in words. */
  readonly tell: (row: number, column: number) => string;
  /** What stands in a cell, where there is room; default nothing. */
  readonly text?: (row: number, column: number) => string;
  /** Whether rows and columns are of one height. Default true. */
  readonly square?: boolean;
}

const STEPS = 256;
/** Longest side of a cell, in pixels. */
const LARGEST = 72;
/** How much of its length a slanted name takes, across and along. */
const SLANT = Math.SQRT1_2;
const FONT = "11px system-ui, sans-serif";

/** A matrix on a canvas, with the names of its rows and columns where they fit; arrow keys go from cell to cell. */
export class HeatMap {
  readonly canvas = make("canvas", { tabIndex: 0 });
  readonly #read = make("p", { className: "read" });
  #cells: HeatCells | null = null;
  #at: [row: number, column: number] | null = null;
  #width = 0;
  #left = 0;
  #right = 0;
  #top = 0;
  #cell: [width: number, height: number] = [1, 1];

  /** Draws into `host`; `label` says what it is. */
  constructor(readonly host: HTMLElement, readonly label: string) {
    const frame = make("div", { className: "heat" }, this.canvas);
    host.append(frame, this.#read);
    this.canvas.setAttribute("role", "img");
    this.#read.setAttribute("aria-live", "polite");
    this.canvas.addEventListener("pointermove", (event) => this.#point(event));
    this.canvas.addEventListener("pointerdown", (event) => this.#point(event));
    this.canvas.addEventListener("pointerleave", () => this.#move(null));
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    onColours(() => this.#draw());
    onWidth(frame, (width) => {
      this.#width = width;
      this.#draw();
    });
  }

  /** Shows other cells. */
  show(cells: HeatCells): void {
    this.#cells = cells;
    this.#at = null;
    this.host.dataset.cells = String(cells.rows * cells.columns);
    const { rows, columns } = cells;
    this.canvas.setAttribute(
      "aria-label",
      `${this.label}, ${rows} rows and ${columns} columns; arrow keys read the cells`,
    );
    this.#draw();
    this.#tell();
  }

  #draw(): void {
    const cells = this.#cells;
    const context = this.canvas.getContext("2d");
    if (!cells || !context || this.#width === 0) return;
    this.#layOut(cells, context);
    const { rows, columns, square = true } = cells;
    const [width, height] = this.#cell;
    const ratio = Math.max(1, devicePixelRatio);
    const total = Math.ceil(this.#top + rows * height);
    this.canvas.width = Math.round(this.#width * ratio);
    this.canvas.height = Math.round(total * ratio);
    this.canvas.style.height = `${total}px`;
    context.scale(ratio, ratio);
    context.clearRect(0, 0, this.#width, total);
    const ramp = rampColours();
    const gap = Math.min(width, height) > 12 ? 1 : 0;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const share = cells.shares[row * columns + column];
        if (!(share >= 0)) continue;
        context.fillStyle = ramp[Math.round(share * (STEPS - 1))];
        const [x, y] = [this.#left + column * width, this.#top + row * height];
        // Without a gap a little more, so that no line shows between two cells.
        context.fillRect(x, y, width - gap || width, height - gap || height);
        if (gap === 0) context.fillRect(x, y, width + 0.4, height + 0.4);
      }
    }
    this.#names(cells, context);
    if (square) this.#texts(cells, context);
    if (this.#at) {
      context.strokeStyle = textColour("ink");
      context.lineWidth = 2;
      const [row, column] = this.#at;
      const [x, y] = [this.#left + column * width, this.#top + row * height];
      context.strokeRect(x - 1, y - 1, Math.max(width, 3) + 1, Math.max(height, 3) + 1);
    }
  }

  /** Room for names where a row is high enough to read one. */
  #layOut(
    { rows, columns, rowNames, columnNames, square = true }: HeatCells,
    context: CanvasRenderingContext2D,
  ): void {
    context.font = FONT;
    const longest = (names: readonly string[]) =>
      Math.max(0, ...names.map((name) => context.measureText(name).width));
    const room = Math.min(longest(rowNames) + 8, this.#width * 0.3);
    const slanted = square ? Math.min(longest(columnNames), 108) * SLANT : 0;
    const high = square ? (this.#width - room - slanted) / columns : 20;
    const named = high >= 11 && rows <= 60;
    this.#left = named ? room : 0;
    // The last names lean out over the matrix.
    const last = columnNames.at(-1) ?? "";
    const lean = Math.min(context.measureText(last).width, 108) * SLANT - high / 2;
    this.#right = named && square ? Math.max(0, lean + 4) : 0;
    const width = Math.min(
      square ? LARGEST : Infinity,
      (this.#width - this.#left - this.#right) / columns,
    );
    this.#cell = [width, square ? width : Math.max(4, Math.min(22, 400 / rows))];
    this.#top = named && square ? slanted + 12 : 0;
  }

  #names(
    { rowNames, columnNames, square = true }: HeatCells,
    context: CanvasRenderingContext2D,
  ): void {
    if (this.#left === 0) return;
    const [width, height] = this.#cell;
    context.font = FONT;
    context.fillStyle = textColour("soft");
    context.textBaseline = "middle";
    context.textAlign = "right";
    rowNames.forEach((name, i) => {
      const y = this.#top + (i + 0.5) * height;
      context.fillText(cut(context, name, this.#left - 8), this.#left - 6, y);
    });
    if (!square) return;
    context.textAlign = "left";
    columnNames.forEach((name, i) => {
      context.save();
      context.translate(this.#left + (i + 0.5) * width - 2, this.#top - 6);
      context.rotate(-Math.PI / 4);
      context.fillText(cut(context, name, 108), 0, 0);
      context.restore();
    });
  }

  #texts({ rows, columns, shares, text }: HeatCells, context: CanvasRenderingContext2D): void {
    const [width, height] = this.#cell;
    if (!text || width < 26) return;
    context.font = FONT;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let at = 0; at < rows * columns; at++) {
      const [row, column] = [Math.floor(at / columns), at % columns];
      const shown = text(row, column);
      if (!shown) continue;
      context.fillStyle = textColour(shares[at] > 0.5 ? "card" : "ink");
      context.fillText(
        shown,
        this.#left + (column + 0.5) * width,
        this.#top + (row + 0.5) * height,
      );
    }
  }

  #point(event: PointerEvent): void {
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left - this.#left) / this.#cell[0]);
    const row = Math.floor((event.clientY - box.top - this.#top) / this.#cell[1]);
    const { rows = 0, columns = 0 } = this.#cells ?? {};
    const inside = row >= 0 && column >= 0 && row < rows && column < columns;
    this.#move(inside ? [row, column] : null);
  }

  #key(event: KeyboardEvent): void {
    const step = {
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      Home: [0, -Infinity],
      End: [0, Infinity],
    }[event.key];
    if (!step || !this.#cells) return;
    event.preventDefault();
    const { rows, columns } = this.#cells;
    const [row, column] = this.#at ?? [0, step[0] === 0 ? -step[1] : 0];
    const within = (value: number, count: number) => Math.min(count - 1, Math.max(0, value));
    this.#move([within(row + step[0], rows), within(column + step[1], columns)]);
  }

  #move(at: [number, number] | null): void {
    const same = at?.[0] === this.#at?.[0] && at?.[1] === this.#at?.[1];
    if (same) return;
    this.#at = at;
    this.#draw();
    this.#tell();
  }

  #tell(): void {
    this.#read.textContent = this.#at && this.#cells ? this.#cells.tell(...this.#at) : "";
  }
}

/** Draws the heat maps of a page into the elements of their `id`. */
export function drawHeatMaps(maps: Readonly<Record<string, HeatData>>): void {
  for (const [id, data] of Object.entries(maps)) {
    const host = find(id);
    if (!host) continue;
    const heading = host.querySelector("h3")?.textContent ?? id;
    const map = new HeatMap(host, heading);
    map.show(cellsOf(data, host.dataset.shape !== "wide"));
    host.append(scale(data.low, data.high));
  }
}

function cellsOf(data: HeatData, square: boolean): HeatCells {
  const { rows, columns, low, high, rowNames, columnNames = rowNames } = data;
  const bytes = fromBase64(data.bytes);
  return {
    ...{ rows, columns, rowNames, columnNames, square },
    shares: Float32Array.from(bytes, (byte) => byte === 0 ? -1 : (byte - 1) / 254),
    tell(row, column) {
      const byte = bytes[row * columns + column];
      const names = `${rowNames[row]}, ${columnNames[column]}`;
      return byte === 0 ? names : `${names}: ${short(low + (high - low) * (byte - 1) / 254)}`;
    },
  };
}

/** What the colours stand for. */
export function scale(low: number, high: number, unit = ""): HTMLElement {
  const text = (value: number) => `${short(value)}${unit}`;
  return make("p", { className: "scale" }, text(low), make("i"), text(high));
}

/** The colours of shares from 0 to 1. */
function rampColours(): string[] {
  const stops = [0, 1, 2, 3].map((i) => rgb(`heat-${i}`));
  return Array.from({ length: STEPS }, (_, i) => {
    const place = i / (STEPS - 1) * (stops.length - 1);
    const below = Math.min(stops.length - 2, Math.floor(place));
    const mixed = stops[below].map((from, c) =>
      Math.round(from + (stops[below + 1][c] - from) * (place - below))
    );
    return `rgb(${mixed.join(" ")})`;
  });
}

function textColour(name: string): string {
  return `rgb(${rgb(name).join(" ")})`;
}

/** A text that is no wider than there is room. */
function cut(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let length = text.length;
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > room) length--;
  return `${text.slice(0, length)}…`;
}
