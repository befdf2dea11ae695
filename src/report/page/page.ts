import style from "./style.css" with { type: "text" };
import { createHash } from "node:crypto";
import { Html, html, type HtmlValue, jsonForHtml } from "./html.ts";
import { type ClientName, clientScript } from "./client_script.ts";
import { curveFiles } from "./curve_files.ts";

/** A part of a page with a heading, which the list at its top leads to. */
export interface PageSection {
  /** Its `id`. */
  readonly id: string;
  /** Its heading. */
  readonly title: string;
  /** A shorter word for the list at the top; default the heading. */
  readonly short?: string;
  /** What it is about, in a sentence. */
  readonly about?: HtmlValue;
  /** What is in it. */
  readonly body: HtmlValue;
}

/** What {@linkcode renderPage} puts together. */
export interface Page {
  /** The window's title, and the heading. */
  readonly title: string;
  /** What stands below the heading. */
  readonly lead?: HtmlValue;
  /** What stands between the heading and the sections. */
  readonly head?: HtmlValue;
  /** The sections. */
  readonly sections: readonly PageSection[];
  /** What stands at the end. */
  readonly foot?: HtmlValue;
  /** What the page's script reads: JSON in the element `data`. */
  readonly data: unknown;
  /** The page's script. */
  readonly client: ClientName;
  /** Styles beside those that every page has. */
  readonly style?: string;
  /** Whether the script may talk to the server that the page came from; default false: it talks to nobody. */
  readonly connects?: boolean;
}

/**
 * One HTML text with everything in it: styles, scripts and data. Its own policy forbids every request, and every script but
 * those in it, so that nothing in a text can run.
 */
export async function renderPage(page: Page): Promise<string> {
  const curves = curveFiles();
  const scripts = [curves.script, await clientScript(page.client)];
  const { title, sections, connects = false } = page;
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="${policy(scripts, connects)}">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>${title}</title>
        <link rel="icon" href="data:,">
        <style>${raw(curves.style + style + (page.style ?? ""))}</style>
      </head>
      <body>
    <a class="skip" href="#main">Skip to the figures</a>
    <header class="top">
    <h1>${title}</h1>
    ${page.lead && html`<p class="lead">${page.lead}</p>`}
    </header>
    ${sections.length > 1 && navigation(sections)}
    <main id="main" tabindex="-1">
    ${page.head}
    ${sections.map(sectionMarkup)}
    </main>
    ${page.foot && html`<footer>${page.foot}</footer>`}
    <div id="tip" role="status" hidden></div>
    <script type="application/json" id="data">${jsonForHtml(page.data)}</script>
    ${scripts.map((script) => html`<script>${raw(script)}</script>\n`)}</body>
    </html>
  `.markup.trimStart();
}

function navigation(sections: readonly PageSection[]): Html {
  return html`
    <nav aria-label="Sections">
      <ul>${sections.map(({ id, title, short }) =>
        html`<li><a href="#${id}">${short ?? title}</a></li>`
      )}</ul>
    </nav>
  `;
}

function sectionMarkup({ id, title, about, body }: PageSection): Html {
  return html`
    <section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${about && html`<p class="about">${about}</p>`}
    ${body}
    </section>
  `;
}

/** Markup that is no text of anybody's. */
function raw(markup: string): Html {
  return new Html(markup);
}

/** What the page may do: run its own scripts, and nothing that is asked of a server. */
function policy(scripts: readonly string[], connects: boolean): string {
  const hashes = scripts.map((script) =>
    `'sha256-${createHash("sha256").update(script).digest("base64")}'`
  );
  return [
    "default-src 'none'",
    `script-src ${hashes.join(" ")}`,
    "style-src 'unsafe-inline'",
    "img-src data: blob:",
    ...(connects ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}
