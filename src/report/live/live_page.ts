import style from "../page/live.css" with { type: "text" };
import type { LiveMessages } from "../client/live_data.ts";
import { html } from "../page/html.ts";
import { renderPage } from "../page/page.ts";
import { curvesSection } from "../sections/curves.ts";
import { TILES } from "./live_view.ts";

/** The pictures that a run may have, of which those are shown that have figures. */
const FIGURES = [
  ["curve-loss", "Loss", ""],
  ["curve-top1", "Top-1", "%"],
  ["curve-lr", "Learning rate", ""],
  ["curve-speed", "Speed", "images/s"],
  ["curve-data", "Time of an epoch", "s"],
  ["curve-memory", "Device memory", "MiB"],
] as const;

/** The page that watches a run, as it is now: the report's, with what changes told to it. */
export async function renderLivePage(start: LiveMessages): Promise<string> {
  const { view } = start;
  const tile = new Map(view.tiles.map(({ id, ...texts }) => [id, texts]));
  const curves = FIGURES.map(([id, title, unit]) => ({ id, title, unit, curves: [] }));
  return await renderPage({
    ...{ title: view.heading || "A run", client: "live", connects: true, data: start, style },
    lead: html`<span id="connection" role="status">connecting</span>`,
    head: html`
      <progress id="part" max="1" value="${view
        .part}" aria-label="How much of the run is done"></progress>
      <dl class="tiles" id="overview">${TILES.map(([id, title]) =>
        html`
          <div class="tile${id === "left" && " main"}" id="tile-${id}">
            <dt>${title}</dt>
            <dd>
              <div class="value">${tile.get(id)?.value}</div>
              <div class="beside">${tile.get(id)?.beside}</div>
            </dd>
          </div>
        `
      )}</dl>
      <div class="controls" id="stopping">
        <button type="button" id="stop" hidden>Stop and save</button>
        <button type="button" id="keep" hidden>Go on training</button>
        <span id="stop-note" class="note" role="status"></span>
      </div>
      <p id="command" class="note" hidden>Go on with <code></code></p>
    `,
    sections: [
      curvesSection({ places: [], figures: curves }),
      {
        ...{ id: "log", title: "Log", about: "The last lines." },
        body:
          html`<ol id="lines" class="lines" role="log" tabindex="0" aria-label="Last lines of the log"></ol>`,
      },
    ],
  });
}
