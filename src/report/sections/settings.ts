import type { Config } from "../../config/config.ts";
import { AUTO, defaultOf, formatValue, valueAt } from "../../config/format_config.ts";
import { FIELDS, isUsed } from "../../config/keys.ts";
import { type Html, html } from "../page/html.ts";
import type { PageSection } from "../page/page.ts";

/** A setting as text. */
export interface Setting {
  /** Its dotted key. */
  readonly key: string;
  /** Its value. */
  readonly value: string;
  /** What it is where nothing is said. */
  readonly usual: string;
}

/** The settings that count in a run, those that are not at their default and the others. */
export function settingsOf(config: Config): { changed: Setting[]; others: Setting[] } {
  const chosen = (key: string) => valueAt(config, key);
  const all = [...FIELDS].filter(([key]) => isUsed(key, chosen)).map(([key, field]) => {
    return { key, value: formatValue(valueAt(config, key)), usual: defaultOf(field) };
  });
  const isChanged = ({ value, usual }: Setting) => value !== usual && value !== AUTO;
  return { changed: all.filter(isChanged), others: all.filter((each) => !isChanged(each)) };
}

/** What a run was made with, differences from the defaults first. */
export function settingsSection(config: Config): PageSection {
  const { changed, others } = settingsOf(config);
  return {
    id: "settings",
    title: "Settings",
    about: "What differs from the defaults; everything else is below.",
    body: html`${settingsTable(changed, true)}
<details><summary>${others.length} settings at their defaults</summary>
${settingsTable(others, false)}</details>`,
  };
}

function settingsTable(settings: readonly Setting[], usual: boolean): Html {
  return html`
    <div class="scroll" tabindex="0">
      <table>
        <thead>
          <tr><th scope="col">Key</th><th scope="col">Value</th>${usual &&
            html`<th scope="col">Default</th>`}</tr>
        </thead>
        <tbody>${settings.map((each) =>
          html`<tr><th scope="row"><code>${each.key}</code></th><td><code>${each.value}</code></td>${
            usual && html`<td><code>${each.usual}</code></td>`
          }</tr>`
        )}</tbody>
      </table>
    </div>
  `;
}
