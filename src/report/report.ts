import { dirname, join, resolve } from "node:path";
import { asTyped } from "../config/typed_path.ts";
import type { Dataset } from "../data/image_dataset.ts";
import { UserError } from "../errors.ts";
import { checkTarget, WriteError, writeFileAtomic } from "../formats/atomic_write.ts";
import { fileExists, isFolder } from "../formats/paths.ts";
import { openRegularFile } from "../formats/read_file.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { GpuError } from "../gpu/gpu_error.ts";
import { unpackCells } from "./client/bytes.ts";
import type { HeatData, ReportData } from "./client/page_data.ts";
import { computeModelData } from "./model/compute.ts";
import { decoded, labelsOf, top1Of } from "./model/decoded.ts";
import type { ModelData } from "./model/model_data.ts";
import { keepModelData, keptModelData, modelKey } from "./model/model_data_file.ts";
import { html } from "./page/html.ts";
import { type PageSection, renderPage } from "./page/page.ts";
import { oneRunCurves, severalRunsCurves } from "./run_curves.ts";
import { readRun, type RunRecord } from "./run_record.ts";
import { calibrationSection } from "./sections/calibration.ts";
import { classesSection, confusionSection, mistakesSection } from "./sections/classes.ts";
import { curvesSection } from "./sections/curves.ts";
import { attentionSection, correlationSection, featureSection } from "./sections/features.ts";
import { leadText, overviewTiles } from "./sections/overview.ts";
import { settingsSection } from "./sections/settings.ts";
import { severalRunsSections } from "./sections/several_runs.ts";
import { costSection, transportSection } from "./sections/transport.ts";
import { missingNote } from "./sections/words.ts";
import { CONFUSION_FILE, MODEL_DATA_FILE, REPORT_FILE } from "../run/run_file_names.ts";
import { confusionCsv } from "./statistics/confusion.ts";

/** Where what needs a run's models is computed, if it was not before. */
export interface ModelSource {
  /** Opens the device. */
  readonly gpu: () => Promise<Gpu>;
  /** Loads the images that a run is measured on. */
  readonly test: (config: RunRecord["config"]) => Promise<Dataset>;
  /** Told how many of how many images the models have seen. */
  readonly progress?: (done: number, total: number) => void;
  /** Ends it when aborted. */
  readonly signal?: AbortSignal;
}

/** Figures of a run's models, or the sentence why there are none. */
type Figures = ModelData | string;

/** A page that was written. */
export interface WrittenReport {
  /** The file. */
  readonly path: string;
  /** Its bytes. */
  readonly bytes: number;
  /** Why the figures of the models are not in it; null where they are, or are not of a single run. */
  readonly missing: string | null;
  /** The teacher's top-1 in percent; null where it was not measured. */
  readonly teacherTop1: number | null;
}

/** What {@linkcode writeReport} may be told. */
export interface ReportOptions {
  /** The file; default `report.html` in the folder of the first run. */
  readonly out?: string;
  /** Where the figures of the models come from; null leaves those out that were not kept. */
  readonly source: ModelSource | null;
  /** Whether a run is at its end that its files do not tell yet. Default false. */
  readonly finished?: boolean;
  /** Told in a sentence what could not be kept. */
  readonly tell?: (message: string) => void;
}

/**
 * Writes a page about a run, or one that compares several.
 *
 * @param folders the runs' folders
 * @throws UserError where one is none, or the page cannot be written
 */
export async function writeReport(
  folders: readonly string[],
  { out, source, finished = false, tell = () => {} }: ReportOptions,
): Promise<WrittenReport> {
  const path = out ?? join(folders[0], REPORT_FILE);
  const runs = folders.map(readRun);
  refuseTarget(path);
  if (runs.length > 1) {
    const bytes = write(path, await renderSeveralRuns(runs));
    return { path, bytes, missing: null, teacherTop1: null };
  }
  const run = finished ? { ...runs[0], finished } : runs[0];
  const figures = await modelFigures(run, source, tell);
  const missing = typeof figures === "string" ? figures : null;
  const data = typeof figures === "string" ? null : figures;
  const bytes = write(path, await renderRun(run, data, missing));
  return { path, bytes, missing, teacherTop1: data && teacherTop1(data) };
}

/** Refuses a file that cannot be written, before anything is computed. */
function refuseTarget(path: string): void {
  const folder = dirname(resolve(path));
  if (!isFolder(folder)) {
    throw new UserError(
      `there is no folder ${asTyped(folder)} to write the report in; make it first`,
    );
  }
  if (isFolder(path)) {
    throw new UserError(
      `${asTyped(path)} is a folder; --out is the report's file, such as ${
        asTyped(join(path, REPORT_FILE))
      }`,
    );
  }
  checkTarget(path);
  if (!fileExists(path)) return;
  using file = openRegularFile(path);
  if (!PAGE.test(new TextDecoder().decode(file.read(0, 100)))) {
    throw new UserError(`${asTyped(path)} is there and is no page; name another file with --out`);
  }
}

/** What every page begins with. */
const PAGE = /^\s*<!doctype html>/i;

function write(path: string, text: string): number {
  const bytes = new TextEncoder().encode(text);
  writeFileAtomic(path, bytes);
  return bytes.length;
}

/** The figures that were kept, or computed now and kept. */
async function modelFigures(
  run: RunRecord,
  source: ModelSource | null,
  tell: (message: string) => void,
): Promise<Figures> {
  const { folder, student, state, config } = run;
  if (student === null) return "The run has no checkpoint yet, which what follows is computed of.";
  const nothing =
    "What needs the models was not computed with the run; deno task report of its folder adds it.";
  // The key wants large files read.
  if (!source && !fileExists(join(folder, MODEL_DATA_FILE))) return nothing;
  const key = modelKey(run);
  const csv = join(folder, CONFUSION_FILE);
  const kept = keptModelData(folder, key);
  if (kept) {
    if (!fileExists(csv)) keeping(() => write(csv, csvOf(kept)), tell);
    return kept;
  }
  if (!source) return nothing;
  try {
    const gpu = await source.gpu();
    return await refusalsAside(async () => {
      const test = await source.test(config);
      const { progress, signal } = source;
      const parts = { gpu, config, folder, test, student, state, key, progress, signal };
      const data = await computeModelData(parts);
      keeping(() => keepModelData(folder, data), tell);
      keeping(() => write(csv, csvOf(data)), tell);
      return data;
    });
  } catch (error) {
    if (!(error instanceof GpuError)) throw error;
    return `${NOT_HERE} ${error.message}`;
  }
}

/** A run's folder that cannot be written, such as another user's, has figures that are computed each time. */
function keeping(action: () => void, tell: (message: string) => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof WriteError)) throw error;
    tell(error.message);
  }
}

const NOT_HERE = "What needs the models is not here:";

/** What `fn` makes, or the sentence why something is missing for it. */
async function refusalsAside(fn: () => Promise<Figures>): Promise<Figures> {
  try {
    return await fn();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${NOT_HERE} ${error.message}`;
  }
}

function teacherTop1(data: ModelData): number | null {
  return data.teacher && top1Of(labelsOf(data), decoded(data.teacher));
}

function csvOf({ confusion, classes }: ModelData): string {
  return confusionCsv(unpackCells(confusion.models[0].cells, classes.length), classes);
}

/** A page about one run. */
async function renderRun(
  run: RunRecord,
  data: ModelData | null,
  missing: string | null,
): Promise<string> {
  const curves = oneRunCurves(run, data && teacherTop1(data));
  const sections: PageSection[] = [
    curvesSection(curves),
    ...(data ? modelSections(data) : [withoutModels(missing ?? "")]),
    settingsSection(run.config),
  ];
  const page: ReportData = {
    curves,
    ...(data && { confusion: data.confusion, heat: heatMaps(data) }),
  };
  return await renderPage({
    ...{ title: run.name, lead: leadText(run), head: overviewTiles(run, data) },
    ...{ sections, data: page, client: "report", foot: footOf([run]) },
  });
}

function modelSections(data: ModelData): PageSection[] {
  return [
    confusionSection(data),
    classesSection(data),
    mistakesSection(data),
    calibrationSection(data),
    costSection(data),
    transportSection(data),
    correlationSection(data),
    featureSection(data),
    attentionSection(data),
  ];
}

function withoutModels(why: string): PageSection {
  return { id: "models", title: "Figures of the models", body: missingNote("models", why) };
}

function heatMaps({ cost, correlations, hint }: ModelData): Record<string, HeatData> {
  return {
    ...(cost && { "heat-cost": cost.heat }),
    ...(correlations?.before && { "heat-before": correlations.before }),
    ...(correlations && { "heat-after": correlations.after }),
    ...(hint && { "heat-hint": hint.heat }),
  };
}

/** A page that compares runs. */
async function renderSeveralRuns(runs: readonly RunRecord[]): Promise<string> {
  const names = distinctNames(runs);
  const curves = severalRunsCurves(runs, names);
  return await renderPage({
    title: `${runs.length} runs`,
    lead: names.join(", "),
    sections: [...severalRunsSections(runs, names), curvesSection(curves)],
    data: { curves } satisfies ReportData,
    ...{ client: "report", foot: footOf(runs) },
  });
}

/** Names that tell runs apart: their folders' own, or as much of the paths as it takes. */
function distinctNames(runs: readonly RunRecord[]): string[] {
  const parts = runs.map(({ folder }) => resolve(folder).split(/[\\/]/));
  for (let depth = 1; depth < 6; depth++) {
    const names = parts.map((each) => each.slice(-depth).join("/"));
    if (new Set(names).size === names.length) return names;
  }
  return runs.map(({ folder }, i) => `${folder} (${i + 1})`);
}

function footOf(runs: readonly RunRecord[]) {
  const folders = runs.map(({ folder }) => asTyped(folder));
  return html`Made from the files in ${
    folders.map((folder, i) => html`${i > 0 && ", "}<code>${folder}</code>`)
  } by WKD for Deno; nothing in this page is loaded from anywhere.`;
}
