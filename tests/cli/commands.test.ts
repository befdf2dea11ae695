import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { loadCheckpoint } from "../../src/run/checkpoints/checkpoint.ts";
import { cli, TINY, trainWords, VANILLA, writeTeacher } from "./helpers.ts";
import { inTempDir } from "../temp_dir.ts";

const WKD = "configs/fashion_mnist/wkd_l_f/resnet20_resnet8.yaml";

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** A configuration file for the 20 validation images. */
function writeConfig(folder: string, more = ""): string {
  const path = join(folder, "tiny.yaml");
  const dataset = "DATASET:\n  TYPE: fashion_mnist\n  VALIDATION: 2\n  TEST:\n    BATCH_SIZE: 8\n";
  Deno.writeTextFileSync(path, dataset + more);
  return path;
}

Deno.test("train writes checkpoints and logs, goes on, and refuses to start over", async () => {
  await inTempDir(async (folder) => {
    const run = trainWords(folder);
    const first = await cli(...run);
    assertEquals(first.status, 0, first.stderr);
    assertMatch(first.stdout, /^epoch 1\/1 {2}.*train loss [\d.]+ top-1 [\d.]+ % {2}test /m);
    const files = join(folder, "fashion_mnist", "a");
    assertEquals(names(files), [
      "best",
      "config.yaml",
      "latest",
      "metrics.jsonl",
      "report.html",
      "student_best",
      "student_latest",
      "train.events",
      "worklog.txt",
    ]);
    const again = await cli(...run);
    assertEquals(again.status, 1);
    assertStringIncludes(again.stderr, "already holds a run; go on with --resume");
    const more = await cli(...run, "SOLVER.EPOCHS", "2", "--resume", "--profile");
    assertEquals(more.status, 0, more.stderr);
    assertStringIncludes(more.stdout, "2 epochs of 2 steps, from epoch 2");
    assertStringIncludes(more.stdout, "changed now: EPOCHS: 2");
    assertMatch(more.stdout, /one step: \d+ dispatches/);
    const worklog = Deno.readTextFileSync(join(files, "worklog.txt"));
    assertEquals(worklog.match(/^epoch: \d/gm), ["epoch: 1", "epoch: 2"]);
    assertEquals(worklog.match(/^best_acc\t/gm)?.length, 2);
    const lines = Deno.readTextFileSync(join(files, "metrics.jsonl")).trim().split("\n");
    assertEquals(lines.map((line) => JSON.parse(line).epoch), [1, 2]);
    const over = await cli(...run, "--overwrite");
    assertEquals(over.status, 0, over.stderr);
    const fresh = Deno.readTextFileSync(join(files, "worklog.txt"));
    assertEquals(fresh.match(/^epoch: \d/gm), ["epoch: 1"]);
    await evaluateRun(folder, join(files, "best"));
  });
});

/** The run's student and the run itself hold the same model. */
async function evaluateRun(folder: string, checkpoint: string): Promise<void> {
  const cfg = writeConfig(folder);
  const whole = await cli("eval", "-c", checkpoint, "--cfg", cfg, "-bs", "7");
  assertEquals(whole.status, 0, whole.stderr);
  assertMatch(whole.stdout, /top-1 {3}[\d.]+ %\n {2}top-5 {3}[\d.]+ %\n {2}loss {4}[\d.]+/);
  assertStringIncludes(whole.stdout, "images  20");
  const student = checkpoint.replace(/best$/, "student_best");
  const alone = await cli("eval", "-m", "resnet8", "-c", student, "--cfg", cfg, "-b", "20");
  const figures = (text: string) => text.match(/(top-.|loss) .*/g);
  assertEquals(figures(alone.stdout), figures(whole.stdout));
}

Deno.test("cost-matrix writes the same matrix again, and WKD-L + WKD-F train with it", async () => {
  await inTempDir(async (folder) => {
    const teacher = await writeTeacher(folder);
    const out = join(folder, "cost.safetensors");
    const args = ["cost-matrix", "--ckpt", teacher, "--samples", "4", "--out", out];
    const made = await cli(...args);
    assertEquals(made.status, 0, made.stderr);
    assertMatch(made.stdout, /cost.safetensors: 10 x 10, most alike .+ \(cost 0\.\d+\), least/);
    const { tensors, metadata } = loadCheckpoint(out);
    assertEquals(tensors.get("cost_matrix")!.shape, [10, 10]);
    assertEquals(metadata.samples_per_class, "4");
    assertStringIncludes(metadata.command, "deno task cost-matrix --teacher resnet8 --ckpt");
    const bytes = Deno.readFileSync(out);
    const refused = await cli(...args);
    assertEquals(refused.status, 1);
    assertStringIncludes(refused.stderr, "is already there; replace it with --overwrite");
    assertEquals((await cli(...args, "--overwrite")).status, 0);
    assertEquals(Deno.readFileSync(out), bytes);
    const trained = await cli(
      ...["train", "--cfg", WKD, "LOG.PREFIX", folder, ...TINY],
      ...["DISTILLER.TEACHER", "resnet8", "DISTILLER.TEACHER_CHECKPOINT", teacher],
      ...["WKD.COST_MATRIX_PATH", out, "WKD.HINT_LAYER", "-1"],
    );
    assertEquals(trained.status, 0, trained.stderr);
    assertStringIncludes(trained.stdout, "resnet8 (77,754 parameters) teaches resnet8");
    const files = join(folder, "fashion_mnist", "wkd_l_f_resnet20_resnet8");
    const { tensors: saved } = loadCheckpoint(join(files, "latest"));
    assert(saved.has("model.conv_reg.conv.weight"));
  });
});

Deno.test("quickstart compares the student taught with the student alone", async () => {
  await inTempDir(async (folder) => {
    const teacher = await writeTeacher(folder);
    const record = join(folder, "quickstart.json");
    const settings = [
      ...TINY,
      ...["LOG.PREFIX", folder, "--record", record],
      ...["DISTILLER.TEACHER", "resnet8", "DISTILLER.TEACHER_CHECKPOINT", teacher],
    ];
    const taught = ["quickstart", ...settings, "WKD.COST_MATRIX", "fc"];
    const before = await cli(...taught);
    assertEquals(before.status, 0, before.stderr);
    assertStringIncludes(before.stdout, "holds nothing for these settings");
    const alone = await cli("quickstart", "--alone", ...settings);
    assertEquals(alone.status, 0, alone.stderr);
    const { teacherTop1, aloneTop1, command } = JSON.parse(Deno.readTextFileSync(record));
    assertStringIncludes(command, "deno task quickstart --alone");
    const after = await cli(...taught);
    assertEquals(after.status, 0, after.stderr);
    assertStringIncludes(after.stdout, "20 training images (2 of each class), 20 test images");
    const row = (name: string, top1: number) =>
      new RegExp(`\\| ${name} +\\| +77,754 \\| +${top1.toFixed(2).replace(".", "\\.")} % \\|`);
    assertMatch(after.stdout, row("teacher resnet8", teacherTop1));
    assertMatch(after.stdout, row("student resnet8 alone", aloneTop1));
    assertMatch(after.stdout, /\| student resnet8 taught +\| +77,754 \| +[\d.]+ % \|/);
    assertEquals(names(join(folder, "quickstart")), ["alone", "wkd_l_f"]);
  });
});

Deno.test("doctor reports the adapter and its speed", async () => {
  const { status, stdout, stderr } = await cli("doctor", "--json");
  assertEquals(status, 0, stderr);
  const report = JSON.parse(stdout);
  assertEquals(report.problems, []);
  assert(report.adapter.limits.maxBufferSize >= 2 ** 28);
  assert(report.speed.gflops > 0.1 && report.speed.gbps > 0.01 && report.speed.correct);
  const text = await cli("doctor");
  assertMatch(text.stdout, /speed {6}[\d.]+ GFLOP\/s/);
  assertStringIncludes(text.stdout, report.adapter.name);
  const { kind, tuning: { path, shapes } } = report.adapter;
  assertMatch(path, /^\.cache.tuning.[\w-]+\.json$/);
  assertStringIncludes(
    text.stdout,
    kind === "software" && shapes === 0 ? "tuning     off, since kernels run on the CPU" : path,
  );
});

Deno.test("config describes the keys, or prints a configuration in full", async () => {
  const described = await cli("config");
  assertEquals(described.status, 0);
  assertStringIncludes(described.stdout, "SOLVER.BATCH_SIZE = 64");
  const resolved = await cli("config", "--cfg", VANILLA, "SOLVER.LR", "0.25");
  assertStringIncludes(resolved.stdout, "  LR: 0.25\n");
  assertStringIncludes(resolved.stdout, "  SUBSET: 1000\n");
  for (
    const [key, value, message] of [
      ["DISTILLER.STUDENT", "resnet9", 'there is no model "resnet9"; did you mean resnet8?'],
      ["DATASET.TYPE", "cifar11", 'there is no data set "cifar11"; DATASET.TYPE can be'],
    ]
  ) {
    const { status, stderr } = await cli("config", "--cfg", VANILLA, key, value);
    assertEquals(status, 1);
    assertStringIncludes(stderr, message);
  }
  // Nothing is loaded into a teacher where there is none.
  const teacher = await cli("config", "--cfg", VANILLA, "DISTILLER.TEACHER", "mine");
  assertEquals(teacher.status, 0, teacher.stderr);
});

Deno.test("--version prints the version of deno.json", async () => {
  const { version } = JSON.parse(Deno.readTextFileSync("deno.json"));
  const { status, stdout, stderr } = await cli("--version");
  assertEquals([status, stdout, stderr], [0, `${version}\n`, ""]);
});

Deno.test("the help of every command names configurations that exist", async () => {
  const commands = [...(await cli("--help")).stdout.matchAll(/^ {2}([a-z-]+) /gm)]
    .map(([, name]) => name).filter((name) => name !== "help");
  assert(commands.includes("data") && commands.includes("train"));
  const texts = await Promise.all(commands.map(async (name) => (await cli(name, "--help")).stdout));
  const named = new Set(texts.join("\n").match(/\bconfigs\/[\w./-]+\.ya?ml\b/g));
  assert(named.size >= 4, [...named].join());
  for (const path of named) assert(Deno.statSync(path).isFile, path);
});
