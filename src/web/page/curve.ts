/// <reference lib="dom" />
const SVG = "http://www.w3.org/2000/svg";
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 10, 14, 28];

/** A line of losses step by step. */
export class Curve {
  #losses: number[] = [];

  /** Draws into `svg`, as large as that is shown. */
  constructor(readonly svg: SVGElement, readonly steps: number) {
    svg.replaceChildren();
  }

  /** Adds the next step's loss. */
  add(loss: number): void {
    this.#losses.push(loss);
    this.#draw();
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.svg;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const finite = this.#losses.filter(Number.isFinite);
    const most = Math.max(...finite, 0) * 1.05 || 1;
    const x = (i: number) => LEFT + (width - LEFT - RIGHT) * i / Math.max(1, this.steps - 1);
    const y = (loss: number) => height - BOTTOM - (height - TOP - BOTTOM) * loss / most;
    const points = finite.map((loss, i) => `${x(i).toFixed(1)},${y(loss).toFixed(1)}`).join(" ");
    const last = finite.at(-1);
    this.svg.setAttribute(
      "aria-label",
      `Loss of every step: ${finite[0]?.toFixed(3)} at first, ${last?.toFixed(3)} now`,
    );
    this.svg.replaceChildren(
      ...[0, most / 2, most].flatMap((level) => [
        element("line", { x1: LEFT, x2: width - RIGHT, y1: y(level), y2: y(level) }),
        element("text", { x: LEFT - 8, y: y(level) + 4, "text-anchor": "end" }, short(level)),
      ]),
      element("text", { x: LEFT, y: height - 8 }, "step 1"),
      element("text", { x: width - RIGHT, y: height - 8, "text-anchor": "end" }, `${this.steps}`),
      element("polyline", { points }),
    );
  }
}

function short(value: number): string {
  return value === 0 ? "0" : Number(value.toPrecision(2)).toString();
}

function element(name: string, attributes: Record<string, string | number>, text = ""): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.textContent = text;
  return made;
}
