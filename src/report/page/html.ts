/** Markup that is put into other markup as it is. */
export class Html {
  /** Takes markup that is safe already; texts become it by {@linkcode html}. */
  constructor(
    /** The markup. */
    readonly markup: string,
  ) {}

  /** The markup. */
  toString(): string {
    return this.markup;
  }
}

/** What a place in a template takes: a text or a number is escaped, markup is not, of a list each; nothing where there is none. */
export type HtmlValue = Html | string | number | null | undefined | false | readonly HtmlValue[];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text as markup that shows it, in an element or in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]);
}

/** Tag of a template whose values are escaped: ``html`<b>${name}</b>` ``. What it is indented by is left out. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const markup = parts.map((part, i) => part.replace(/\s*\n\s*/g, "\n") + markupOf(values[i]));
  return new Html(markup.join(""));
}

function markupOf(value: HtmlValue): string {
  if (value instanceof Html) return value.markup;
  if (Array.isArray(value)) return value.map(markupOf).join("");
  return value === null || value === undefined || value === false ? "" : escapeHtml(String(value));
}

/** A value as JSON that can stand in a `script` element: nothing in it ends the element. */
export function jsonForHtml(value: unknown): Html {
  return new Html(JSON.stringify(value).replaceAll("<", "\\u003c"));
}
