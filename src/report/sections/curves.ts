import type { CurveData } from "../client/page_data.ts";
import { html } from "../page/html.ts";
import type { PageSection } from "../page/page.ts";
import { missingNote } from "./words.ts";

/** Curves over epochs, steps or hours. */
export function curvesSection({ figures }: CurveData): PageSection {
  return {
    id: "curves",
    title: "Curves",
    about: figures.length > 0 &&
      "Drag over a part to enlarge it, double-click to see all; arrow keys read the points of a curve.",
    body: figures.length === 0
      ? missingNote("curves", "The run's metrics.jsonl has no figures of an epoch.")
      : html`<div class="controls" id="curve-controls"></div>
<div class="figures wide">${
        figures.map(({ id, title, unit }) =>
          html`
            <figure id="${id}" class="curve">
              <h3>${title} ${unit && html`<small>${unit}</small>`}</h3>
            </figure>
          `
        )
      }</div>`,
  };
}
