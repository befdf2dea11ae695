import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { evalJson, evalText, type Evaluation } from "../../../src/cli/eval/eval_report.ts";
import { escapeControls } from "../../../src/formats/visible.ts";

const NAMES = ["n\n| forged | 0 |", "\x1b[31mred", "c1\x9b31m", "bidi\u202eevil", "t\tab\x7f"];

const EVALUATION: Evaluation = {
  model: "resnet8",
  checkpoint: "out\n\x1b[2J/best",
  dataset: "image_folder/val",
  images: 10,
  device: "d",
  metrics: { loss: 1, top1: 50, top5: 100, seconds: 1 },
  classes: NAMES.map((name) => ({ name, images: 2, correct: 1 })),
};

Deno.test("evalText() shows what a terminal would obey, and no name breaks out of its cell", () => {
  const lines = evalText(EVALUATION, "label").split("\n");
  assertStringIncludes(lines[0], "resnet8 from out\\x0a\\x1b[2J/best, on");
  const rows = lines.slice(-NAMES.length).map((row) => row.split("|").length);
  assertEquals(lines.length, 6 + 1 + 2 + NAMES.length);
  assertEquals(rows, [10, 7, 7, 7, 7]);
  assertStringIncludes(lines.at(-NAMES.length)!, "| n\\x0a\\| forged \\| 0 \\| |     0 |");
  assertStringIncludes(lines.at(-2)!, "| bidi\\u202eevil ");
  // deno-lint-ignore no-control-regex -- control characters are what must not be there
  assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(lines.join("\n")));
});

Deno.test("evalJson() as the terminal gets it stays JSON with the names as they are", () => {
  const text = escapeControls(evalJson(EVALUATION, "label"));
  // deno-lint-ignore no-control-regex -- control characters are what must not be there
  assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(text));
  assertStringIncludes(text, "c1\\u009b31m");
  assertEquals(JSON.parse(text).classes.map(({ name }: { name: string }) => name), NAMES);
});

Deno.test("evalText() and evalJson() give the balanced accuracy where there is one", () => {
  const metrics = { ...EVALUATION.metrics, balancedAccuracy: 41.666 };
  const lines = evalText({ ...EVALUATION, metrics, classes: null }, "worst").split("\n");
  assertEquals(lines[3], "  classes 41.67 % (balanced accuracy, the mean of their top-1)");
  assertEquals(JSON.parse(evalJson({ ...EVALUATION, metrics }, "worst")).balancedAccuracy, 41.666);
  assert(!evalText(EVALUATION, "worst").includes("balanced"));
});

Deno.test("evalText() and evalJson() give no top-5 where five classes or fewer leave it at 100 %", () => {
  const { top5: _, ...metrics } = EVALUATION.metrics;
  const evaluation = { ...EVALUATION, metrics };
  assert(!evalText(evaluation, "worst").includes("top-5"));
  assert(!("top5" in JSON.parse(evalJson(evaluation, "worst"))));
});
