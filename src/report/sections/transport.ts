import type { CloseImage, ModelData, TransportFigure } from "../model/model_data.ts";
import { type Html, html } from "../page/html.ts";
import type { PageSection } from "../page/page.ts";
import { guessText } from "./classes.ts";
import { missingNote, percent } from "./words.ts";

const [WIDTH, HEIGHT, BAR, LABELS, GAP] = [440, 250, 10, 112, 6];
/** Pixels between two names. */
const LINE = 14;

/** The costs between classes, and what WKD-L moves at them. */
export function costSection({ cost, classes, missing }: ModelData): PageSection {
  return {
    id: "costs",
    title: "Costs between classes",
    short: "Costs",
    about:
      "What it costs WKD-L to move probability from one class to another: classes in the clustered order of the confusion matrix, before the costs are sharpened.",
    body: cost === null ? missingNote("cost", missing.cost ?? "There is no cost matrix.") : html`
      <div class="figures wide">
        <figure id="heat-cost" class="heat-figure">
          <h3>Cost matrix</h3>
        </figure>
        <figure id="nearest">
          <h3>Nearest classes <small>cost</small></h3>
          <div class="scroll" tabindex="0">
            <table class="sortable">
              <thead>
                <tr>
                  <th scope="col">Class</th>
                  <th scope="col">nearest first</th>
                </tr>
              </thead>
              <tbody>${cost.nearest.map((near, label) =>
                html`
                  <tr>
                    <th scope="row">${classes[label]}</th>
                    <td>${near.map(({ label, cost }) => `${classes[label]} ${cost}`).join(
                      ", ",
                    )}</td>
                  </tr>
                `
              )}</tbody>
            </table>
          </div>
        </figure>
      </div>
    `,
  };
}

/** The plans of a few images. */
export function transportSection({ close, classes, missing }: ModelData): PageSection {
  const shown = close.filter(({ transport }) => transport);
  return {
    id: "transport",
    title: "Transport plans",
    short: "Transport",
    about:
      "What WKD-L moves to make the teacher's probabilities (left) the student's (right): over all classes but the image's own, at the temperature of the loss. Grey stays, colour moves.",
    body: shown.length === 0
      ? missingNote("transport", missing.transport ?? "There is no image to show.")
      : html`<div class="figures wide">${shown.map((image) => planFigure(image, classes))}</div>`,
  };
}

function planFigure(image: CloseImage, classes: readonly string[]): Html {
  const { label, picture, student, teacher, transport } = image;
  const { stays, distance, flows } = transport!;
  return html`
    <figure class="plan"
      data-flows="${flows
        .length}"><div class="beside-picture"><img class="picture" src="${picture}" alt="${classes[
          label
        ]}"><div><h3>${classes[label]}</h3>
    <p class="note">teacher: ${teacher?.[0] &&
      guessText(teacher[0], classes)}<br>student: ${student[0] &&
      guessText(student[0], classes)}<br>distance ${distance}; ${percent(
        100 * (1 - stays),
        1,
      )} moves</p></div></div>
    ${drawing(transport!, classes, classes[label])}</figure>
  `;
}

interface Block {
  readonly top: number;
  readonly height: number;
}

function drawing(
  { classes: shown, flows }: TransportFigure,
  names: readonly string[],
  own: string,
): Html {
  const left = stacked(shown.map(({ teacher }) => teacher));
  const right = stacked(shown.map(({ student }) => student));
  const place = new Map(shown.map(({ label }, i) => [label, i]));
  const [x0, x1] = [LABELS + BAR, WIDTH - LABELS - BAR];
  const used = { left: shown.map(() => 0), right: shown.map(() => 0) };
  const take = (side: "left" | "right", at: number, mass: number): Block => {
    const [block, probability] = side === "left"
      ? [left[at], shown[at].teacher]
      : [right[at], shown[at].student];
    const height = probability > 0 ? block.height * mass / probability : 0;
    const top = block.top + used[side][at];
    used[side][at] += height;
    return { top, height };
  };
  const ordered = [...flows].sort((a, b) =>
    place.get(a.from)! - place.get(b.from)! || place.get(a.to)! - place.get(b.to)!
  );
  const ribbons = ordered.map(({ from, to, mass }) => {
    const [a, b] = [take("left", place.get(from)!, mass), take("right", place.get(to)!, mass)];
    const style = from === to
      ? "fill:var(--edge);opacity:0.22"
      : `fill:var(--series-${place.get(from)! % 8 + 1});opacity:0.7`;
    return html`
      <path d="${ribbon(x0, x1, a, b)}" style="${style}">
        <title>${names[from]} → ${names[to]}: ${percent(100 * mass, 2)}</title>
      </path>
    `;
  });
  const bars = (blocks: readonly Block[], x: number) =>
    blocks.map(({ top, height }, i) =>
      html`
        <rect x="${x}" y="${top.toFixed(1)}" width="${BAR}" height="${Math.max(1, height).toFixed(
          1,
        )}"
          style="fill:var(--series-${i % 8 + 1})" />
      `
    );
  return html`
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT + 22}" role="img"
      aria-label="Transport plan of an image of ${own}, ${flows.length} flows">
    ${ribbons}${bars(left, LABELS)}${bars(right, x1)}
    ${labels(shown.map(({ label, teacher }) => [names[label], teacher]), left, LABELS - 6, "end")}
    ${labels(
      shown.map(({ label, student }) => [names[label], student]),
      right,
      x1 + BAR + 6,
      "start",
    )}
    <text x="${LABELS + BAR}" y="${HEIGHT + 18}" text-anchor="end">teacher</text>
    <text x="${x1}" y="${HEIGHT + 18}" text-anchor="start">student</text></svg>
  `;
}

/** Blocks one below the other, as high as their probabilities. */
function stacked(probabilities: readonly number[]): Block[] {
  const sum = probabilities.reduce((a, b) => a + b, 0) || 1;
  const room = HEIGHT - GAP * (probabilities.length - 1);
  let top = 0;
  return probabilities.map((probability) => {
    const block = { top, height: room * probability / sum };
    top += block.height + GAP;
    return block;
  });
}

function ribbon(x0: number, x1: number, a: Block, b: Block): string {
  const half = (x0 + x1) / 2;
  const [y0, y1, y2, y3] = [a.top, b.top, b.top + b.height, a.top + a.height]
    .map((y) => y.toFixed(1));
  return `M${x0} ${y0}C${half} ${y0} ${half} ${y1} ${x1} ${y1}V${y2}C${half} ${y2} ${half} ${y3} ${x0} ${y3}Z`;
}

/** Names at their blocks, no two over one another. */
function labels(
  names: readonly (readonly [string, number])[],
  blocks: readonly Block[],
  x: number,
  anchor: string,
): Html[] {
  const places = blocks.map(({ top, height }) => top + height / 2 + 4);
  for (let i = 1; i < places.length; i++) places[i] = Math.max(places[i], places[i - 1] + LINE);
  let most = HEIGHT + 2;
  for (let i = places.length - 1; i >= 0; i--) {
    places[i] = Math.min(places[i], most);
    most = places[i] - LINE;
  }
  return names.map(([name, probability], i) =>
    html`
      <text x="${x}" y="${places[i].toFixed(1)}"
        text-anchor="${anchor}"><tspan class="ink">${name.length > 12
          ? `${name.slice(0, 11)}…`
          : name}</tspan> ${percent(100 * probability, 0)}</text>
    `
  );
}
