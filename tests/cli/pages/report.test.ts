import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { packCells, toBase64, unpackCells } from "../../../src/report/client/bytes.ts";
import { costFigure } from "../../../src/report/model/cost_figure.ts";
import { classHeat } from "../../../src/report/model/heat_data.ts";
import type { ModelData } from "../../../src/report/model/model_data.ts";
import { type ModelSource, writeReport } from "../../../src/report/report.ts";
import { confusionCells, confusionOrder } from "../../../src/report/statistics/confusion.ts";
import { labels, values } from "../../helpers.ts";
import { inTempDir } from "../../temp_dir.ts";
import { cli, TINY, writeTeacher } from "../helpers.ts";

const WKD = "configs/fashion_mnist/wkd_l_f/resnet20_resnet8.yaml";
const HOSTILE = `<img src=x onerror="alert(1)">`;

/** Trains with WKD-L and WKD-F for an epoch of two steps. */
async function trainTiny(folder: string, ...more: string[]): Promise<string> {
  const teacher = await writeTeacher(folder);
  const { status, stdout, stderr } = await cli(
    ...["train", "--cfg", WKD, "LOG.PREFIX", folder, ...TINY, "EXPERIMENT.NAME", "tiny"],
    ...["DISTILLER.TEACHER", "resnet8", "DISTILLER.TEACHER_CHECKPOINT", teacher],
    ...["WKD.COST_MATRIX", "fc", ...more],
  );
  assertEquals(status, 0, stderr);
  assertMatch(stdout, /^report .*report\.html$/m);
  return join(folder, "fashion_mnist", "tiny");
}

const read = (run: string, name = "report.html") => Deno.readTextFileSync(join(run, name));

/** Nothing may be computed again. */
const NOTHING: ModelSource = {
  gpu: () => Promise.reject(new Error("the device was opened")),
  test: () => Promise.reject(new Error("the images were loaded")),
};

Deno.test("train and report make pages, what needs the models is computed once, and what is gone is left out", async () => {
  await inTempDir(async (folder) => {
    const run = await trainTiny(folder);
    assertStringIncludes(read(run), 'data-missing="models"');
    const made = await cli("report", run);
    assertEquals(made.status, 0, made.stderr);
    assertMatch(made.stdout, /^wrote .*report\.html, \d+ kB$/m);
    assertEquals(made.stderr, "");
    const page = read(run);
    assertEquals(page.match(/data-missing="\w+"/g), null);
    for (const id of IDS) assertStringIncludes(page, `id="${id}"`);
    assertEquals(page.match(/class="plan"/g)?.length, 6);
    assertEquals(read(run, "confusion.csv").trim().split("\n").length, 11);
    const data: ModelData = JSON.parse(read(run, "report_data.json"));
    const cells = unpackCells(data.confusion.models[0].cells, 10);
    assertEquals(cells.reduce((sum, [, , count]) => sum + count, 0), 20);
    await writeReport([run], { source: NOTHING });
    assertEquals(read(run), page);
    await hostileNames(run, data);
    await manyClasses(run, data);
    await severalRuns(folder, run);
    await withoutTeacher(folder, run);
    await damaged(run);
  });
});

const IDS = [
  ...["curve-loss", "curve-top1", "curve-lr", "curve-data", "curve-memory", "confusion-figure"],
  ...["class-table", "reliability-student", "reliability-teacher", "agreement", "heat-cost"],
  ...["heat-before", "heat-after", "heat-hint", "map-student", "map-teacher"],
];

function keep(run: string, data: ModelData): void {
  Deno.writeTextFileSync(join(run, "report_data.json"), JSON.stringify(data));
}

async function hostileNames(run: string, data: ModelData): Promise<void> {
  const classes = data.classes.map((name, i) => i === 3 ? HOSTILE : name);
  keep(run, { ...data, classes });
  await writeReport([run], { source: NOTHING });
  assert(!/<img(?! class="picture" src="data:)/.test(read(run)));
  assertStringIncludes(read(run), "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;");
  keep(run, data);
}

/** A page of a thousand classes and fifty thousand images, two thirds of them right. */
async function manyClasses(run: string, data: ModelData): Promise<void> {
  const [count, images] = [1000, 50_000];
  const classes = Array.from({ length: count }, (_, i) => `class number ${i} of a thousand`);
  const truth = Int32Array.from({ length: images }, (_, i) => i % count);
  const other = labels("report.predicted", images, count);
  const predicted = truth.map((label, i) => i % 3 === 0 ? other[i] : label);
  const cells = confusionCells(truth, predicted, count);
  const order = confusionOrder(cells, count);
  const matrix = values("report.cost", [count, count]).map(Math.abs);
  const heat = classHeat(matrix, classes, order);
  const packed = (array: Int32Array | Float32Array) => toBase64(new Uint8Array(array.buffer));
  const predictions = {
    predicted: packed(predicted),
    confidence: packed(new Float32Array(images).fill(0.7)),
    truth: packed(new Float32Array(images).fill(0.5)),
  };
  const confusion = {
    ...{ classes, clustered: order },
    models: ["student", "teacher"].map((name) => ({ name, cells: packCells(cells, count) })),
  };
  keep(run, {
    ...data,
    ...{ classes, confusion, labels: packed(truth), cost: costFigure(matrix, classes, order) },
    student: { ...data.student, ...predictions },
    teacher: { ...data.teacher!, ...predictions },
    correlations: { ...data.correlations!, before: heat, after: heat },
  });
  const { bytes } = await writeReport([run], { source: NOTHING });
  assert(bytes < 1_000_000, `${bytes} bytes`);
  keep(run, data);
}

async function severalRuns(folder: string, run: string): Promise<void> {
  const config = read(run, "config.yaml");
  const copies = [["seed1", "SEED: 0", "SEED: 1"], ["lr", "LR: 0.05", "LR: 0.5"]];
  const others = copies.map(([name, from, to]) => {
    const other = join(folder, name);
    Deno.mkdirSync(other);
    Deno.writeTextFileSync(join(other, "config.yaml"), config.replace(from, to));
    Deno.copyFileSync(join(run, "metrics.jsonl"), join(other, "metrics.jsonl"));
    return other;
  });
  const out = join(folder, "all.html");
  const { status, stderr } = await cli("report", run, ...others, "--out", out);
  assertEquals(status, 0, stderr);
  const page = Deno.readTextFileSync(out);
  const rows = (id: string) =>
    page.split(`id="${id}"`)[1].split("</table>")[0].match(/<tr class="(best)?">/g)!.length;
  assertEquals([rows("group-table"), rows("run-table")], [2, 3]);
  for (const text of ["SOLVER.LR", "SOLVER.SEED", "±", "3 runs"]) assertStringIncludes(page, text);
  assert(!page.includes("EXPERIMENT.NAME"));
}

/** What needs the teacher goes with it, the rest is computed anew. */
async function withoutTeacher(folder: string, run: string): Promise<void> {
  Deno.removeSync(join(folder, "teacher10.safetensors"));
  const { status, stderr } = await cli("report", run);
  assertEquals(status, 0, stderr);
  const page = read(run);
  assertStringIncludes(page, "The teacher&#39;s weights are not there any more");
  const missing = page.match(/data-missing="\w+"/g)!.map((text) => text.slice(14, -1));
  assertEquals(missing.sort(), ["correlations", "cost", "hint", "transport"]);
  assertStringIncludes(page, 'id="reliability-student"');
  assert(!page.includes('id="reliability-teacher"'));
}

/** Logs that are cut short, weights that are no numbers and a configuration that is half there. */
async function damaged(run: string): Promise<void> {
  const metrics = read(run, "metrics.jsonl");
  Deno.writeTextFileSync(join(run, "metrics.jsonl"), `${metrics}${metrics.slice(0, 90)}`);
  const nan = metrics.replace(/"loss":[\d.]+/g, '"loss":null')
    .replace(/"losses":\{[^}]*\}/g, '"losses":{"loss_ce":null}');
  Deno.writeTextFileSync(join(run, "metrics.jsonl"), `${nan}{"kind":"ep`);
  for (const name of ["student_best", "student_latest", "best", "latest"]) {
    Deno.truncateSync(join(run, name), 1000);
  }
  const cut = await cli("report", run);
  assertEquals(cut.status, 0, cut.stderr);
  assertStringIncludes(cut.stderr, "warning: What needs the models is not here");
  assertStringIncludes(read(run), "1 line of its log could not be read");
  assert(!read(run).includes('id="curve-loss"'));
  const config = read(run, "config.yaml");
  Deno.writeTextFileSync(join(run, "config.yaml"), config.slice(0, 300));
  const half = await cli("report", run);
  assertEquals([half.status, half.stdout], [1, ""]);
  assertMatch(half.stderr, /^error: .*config\.yaml/);
}

Deno.test("report refuses what is no run, and a page that cannot be written", async () => {
  await inTempDir(async (folder) => {
    const error = async (...words: string[]) => {
      const { status, stderr } = await cli("report", ...words);
      assertEquals(status, 1, words.join(" "));
      assertEquals(stderr.trim().split("\n").length, 1, stderr);
      return stderr;
    };
    const run = join(folder, "runs", "one");
    Deno.mkdirSync(run, { recursive: true });
    Deno.writeTextFileSync(join(run, "config.yaml"), "DATASET:\n  TYPE: fashion_mnist\n");
    assertStringIncludes(await error(join(folder, "none")), "there is no folder");
    assertStringIncludes(await error(join(run, "config.yaml")), "config.yaml is a file");
    assertMatch(await error(join(folder, "runs")), /neither config\.yaml nor.* such as .*one/);
    assertStringIncludes(await error(run, run), "is given twice");
    const out = join(folder, "missing", "report.html");
    assertMatch(await error(run, "--out", out), /there is no folder .*missing to write/);
    assertStringIncludes(await error(run, "--out", folder), "is a folder; --out is the report's");
    const other = join(folder, "notes.txt");
    Deno.writeTextFileSync(other, "mine");
    assertStringIncludes(await error(run, "--out", other), "is there and is no page");
    assertEquals(Deno.readTextFileSync(other), "mine");
    const { status, stderr } = await cli("report", run);
    assertEquals([status, stderr.trim().split("\n").length], [0, 1], stderr);
    assertStringIncludes(read(run), "The run has no checkpoint yet");
    assertStringIncludes(read(run), "no epoch is done yet");
  });
});
