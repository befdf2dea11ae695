import { type Html, html } from "../page/html.ts";

/** A share as percent, such as `91.20 %`. */
export function percent(value: number, digits = 2): string {
  return `${value.toFixed(digits)}\u00a0%`;
}

/** A whole number with its thousands apart. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** Why a figure is not there. */
export function missingNote(name: string, sentence: string): Html {
  return html`<p class="note" data-missing="${name}">${sentence}</p>`;
}

/** Why none of the figures that need the models is there: the sentence stands in each section. */
export interface NoModels {
  /** The sentence. */
  readonly why: string;
}
