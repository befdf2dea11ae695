import { AUTO, formatValue, valueAt } from "../../config/format_config.ts";
import { FIELDS, isUsed } from "../../config/keys.ts";
import { formatSeconds } from "../../logging/text.ts";
import { type Html, html } from "../page/html.ts";
import type { PageSection } from "../page/page.ts";
import type { RunRecord } from "../run_record.ts";
import { percent, whole } from "./words.ts";

const SEED = "SOLVER.SEED";
/** Keys that say where a run is and how it is logged, not what it is. */
const ASIDE = /^(EXPERIMENT|LOG)\./;

/** What a run came to. */
interface Outcome {
  readonly run: RunRecord;
  readonly name: string;
  readonly best: number;
  readonly last: number;
  readonly seconds: number;
}

/** Runs that differ in their seed alone. */
interface Group {
  readonly settings: ReadonlyMap<string, string>;
  readonly outcomes: readonly Outcome[];
}

/** Settings that are not the same in all runs, the seed at the end. */
export function differingKeys(runs: readonly RunRecord[]): string[] {
  const keys = [...FIELDS.keys()].filter((key) => !ASIDE.test(key));
  const differing = keys.filter((key) => new Set(runs.map((run) => shown(run, key))).size > 1);
  return [...differing.filter((key) => key !== SEED), ...differing.filter((key) => key === SEED)];
}

/** A setting as text; a dash where it does not count in that run. */
function shown({ config }: RunRecord, key: string): string {
  if (!isUsed(key, (each) => valueAt(config, each))) return "–";
  const value = formatValue(valueAt(config, key));
  return value === AUTO ? "auto" : value.replace(/^"(.*)"$/, "$1");
}

/** What differs between runs, and what came out. */
export function severalRunsSections(
  runs: readonly RunRecord[],
  names: readonly string[],
): PageSection[] {
  const keys = differingKeys(runs);
  const outcomes = runs.map((run, i) => outcomeOf(run, names[i]));
  const groups = grouped(outcomes, keys.filter((key) => key !== SEED));
  const sections = [runsSection(outcomes, keys)];
  if (groups.length < runs.length) sections.unshift(groupsSection(groups, keys));
  return sections;
}

function outcomeOf(run: RunRecord, name: string): Outcome {
  const { epochs } = run;
  const top1 = epochs.map(({ test }) => test.top1).filter((value) => Number.isFinite(value));
  return {
    ...{ run, name },
    best: top1.reduce((a, b) => Math.max(a, b), -1),
    last: epochs.at(-1)?.test.top1 ?? NaN,
    seconds: epochs.reduce((sum, { train, test }) => sum + train.seconds + test.seconds, 0),
  };
}

function grouped(outcomes: readonly Outcome[], keys: readonly string[]): Group[] {
  const groups = new Map<string, Group & { outcomes: Outcome[] }>();
  for (const outcome of outcomes) {
    const settings = new Map(keys.map((key) => [key, shown(outcome.run, key)]));
    const id = JSON.stringify([...settings]);
    const group = groups.get(id) ?? { settings, outcomes: [] };
    group.outcomes.push(outcome);
    groups.set(id, group);
  }
  return [...groups.values()];
}

function groupsSection(groups: readonly Group[], allKeys: readonly string[]): PageSection {
  const keys = allKeys.filter((key) => key !== SEED);
  const means = groups.map(({ outcomes }) => meanOf(outcomes.map(({ best }) => best)).mean);
  const best = indexOfBest(means);
  return {
    id: "groups",
    title: "Over the seeds",
    short: "Seeds",
    about:
      "Runs that differ in their seed alone: mean and standard deviation (of the sample) of their top-1.",
    body: html`
      <div class="scroll" tabindex="0">
        <table class="sortable" id="group-table">
          <thead>
            <tr>${keys.map((key) =>
              html`<th scope="col">${key}</th>`
            )}<th scope="col" class="number">runs</th><th scope="col" class="number">best top-1</th><th scope="col" class="number">last top-1</th></tr>
          </thead>
          <tbody>${groups.map(({ settings, outcomes }, i) =>
            html`<tr class="${i === best ? "best" : ""}">${
              keys.map((key) => html`<td><code>${settings.get(key)}</code></td>`)
            }<td class="number">${outcomes.length}</td>${
              spreadCell(outcomes.map((each) => each.best), i === best && groups.length > 1)
            }${spreadCell(outcomes.map(({ last }) => last), false)}</tr>`
          )}</tbody>
        </table>
      </div>
    `,
  };
}

/** The mean, and the standard deviation of the sample where there are several. */
function meanOf(values: readonly number[]): { mean: number; deviation: number | null } {
  const finite = values.filter(Number.isFinite);
  const mean = finite.reduce((a, b) => a + b, 0) / finite.length;
  const square = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: finite.length > 1 ? Math.sqrt(square / (finite.length - 1)) : null };
}

function spreadCell(values: readonly number[], isBest: boolean): Html {
  const { mean, deviation } = meanOf(values);
  const spread = deviation === null ? "" : ` ± ${deviation.toFixed(2)}`;
  return numberCell(mean, `${mean.toFixed(2)}${spread}\u00a0%`, isBest);
}

function best(): Html {
  return html`
    <span class="mark">best</span>
  `;
}

function indexOfBest(values: readonly number[]): number {
  return values.reduce((best, value, i) => value > (values[best] ?? -1) ? i : best, -1);
}

function runsSection(outcomes: readonly Outcome[], keys: readonly string[]): PageSection {
  const most = indexOfBest(outcomes.map((each) => each.best));
  return {
    id: "runs",
    title: "Runs",
    about: keys.length > 0
      ? "What differs, and what came out. The colours are those of the curves; the headings sort."
      : "All settings that count are the same.",
    body: html`
      <div class="scroll" tabindex="0">
        <table class="sortable" id="run-table">
          <thead>
            <tr><th scope="col">Run</th>${keys.map((key) =>
              html`<th scope="col">${key}</th>`
            )}<th scope="col" class="number">epochs</th><th scope="col" class="number">best top-1</th><th scope="col" class="number">last top-1</th>
      <th scope="col" class="number">images/s</th><th scope="col" class="number">time</th></tr>
          </thead>
          <tbody>${outcomes.map((outcome, i) =>
            row(outcome, keys, i, i === most && outcomes.length > 1)
          )}</tbody>
        </table>
      </div>
    `,
  };
}

function row(
  { run, name, best: top1, last, seconds }: Outcome,
  keys: readonly string[],
  index: number,
  isBest: boolean,
): Html {
  const speeds = run.epochs.map(({ train }) => train.imagesPerSecond).filter(Number.isFinite);
  const speed = speeds.reduce((a, b) => a + b, 0) / speeds.length;
  const settings = keys.map((key) => html`<td><code>${shown(run, key)}</code></td>`);
  const swatch = `background:var(--series-${index % 8 + 1})`;
  const note = run.finished ? "" : html`
    <small class="note">not finished</small>
  `;
  const title =
    html`<th scope="row"><span class="swatch" style="${swatch}"></span>${name}${note}</th>`;
  const cells = [
    numberCell(run.epochs.length, whole(run.epochs.length)),
    numberCell(top1 >= 0 ? top1 : NaN, percent(top1), isBest),
    numberCell(last, percent(last)),
    numberCell(speed, whole(speed)),
    numberCell(seconds, formatSeconds(seconds)),
  ];
  return html`<tr class="${isBest ? "best" : ""}">${title}${settings}${cells}</tr>`;
}

function numberCell(value: number, text: string, isBest = false): Html {
  if (!Number.isFinite(value)) return html`<td class="number" data-value="-1">–</td>`;
  return html`<td class="number" data-value="${value}">${isBest && best()}${text}</td>`;
}
