import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join, toFileUrl } from "@std/path";
import { readOnnx } from "../export/read_onnx.ts";
import { inTempDir } from "../temp_dir.ts";

const root = fromFileUrl(new URL("../..", import.meta.url));
const MOD = toFileUrl(join(root, "mod.ts")).href;

/** Runs a task as somebody who types it in a folder of the project: what is registered stays in that process. */
async function task(folder: string, ...words: string[]) {
  const { INIT_CWD: _, ...env } = Deno.env.toObject();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "-q", ...words],
    cwd: join(root, folder),
    clearEnv: true,
    env: { ...env, NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

const IMPORTS = ["dataset", "distiller", "model", "optimizer", "schedule"].flatMap((name) => [
  "--import",
  `../examples/${name}.ts`,
]);
const ADD = IMPORTS.join(" ");

Deno.test("the examples train together from another folder, are evaluated, resumed and printed", async () => {
  await inTempDir(async (folder) => {
    const run = [
      ...["train", "--cfg", "../examples/stripes.yaml", "LOG.PREFIX", folder],
      ...IMPORTS,
    ];
    const alone = ["DISTILLER.TYPE", "NONE", "EXPERIMENT.NAME", "teacher", "SOLVER.EPOCHS", "1"];
    const teacher = await task("tests", ...run, ...alone);
    assertEquals(teacher.code, 0, teacher.stderr);
    const path = join(folder, "examples/teacher/student_latest");
    const taught = [...run, "DISTILLER.TEACHER_CHECKPOINT", path, "SOLVER.EPOCHS"];
    const trained = await task("tests", ...taught, "1", "LOGITS.MATCH_WEIGHT", "0.3");
    assertEquals(trained.code, 0, trained.stderr);
    assertMatch(trained.stdout, /LOGITS\n {2}MATCH_WEIGHT +0\.3\n/);
    const settings = Deno.readTextFileSync(join(folder, "examples/stripes/config.yaml"));
    assertMatch(settings, /CE_WEIGHT: 1\n/);
    assertMatch(settings, /VECTOR_DECAY: 0\n/);
    assertMatch(settings, /POLY_POWER: 0\.9\n/);

    const student = join(folder, "examples/stripes/student_best");
    const blind = await task("tests", "eval", student);
    assertEquals(blind.code, 1);
    assertStringIncludes(blind.stderr, `the configuration was made with ${ADD}: add ${ADD}`);
    const seen = await task("tests", "eval", student, ...IMPORTS);
    assertEquals(seen.code, 0, seen.stderr);
    assertStringIncludes(seen.stdout, "on stripes/test");

    const onnx = join(folder, "student.onnx");
    const exported = await task("tests", "export", student, "--to", onnx, ...IMPORTS);
    assertEquals(exported.code, 0, exported.stderr);
    assertStringIncludes(exported.stdout, "tiny_net, images float32 [N, 1, 16, 16]");
    const operators = readOnnx(Deno.readFileSync(onnx)).graph.node.map(({ op_type }) => op_type);
    assertEquals(operators.includes("LayerNormalization"), true);

    const picture = join(folder, "picture.pgm");
    Deno.writeTextFileSync(picture, `P2 16 16 255 ${"9 240 ".repeat(128)}`);
    const guess = ["predict", "-c", join(folder, "examples/stripes"), picture, "--top", "1"];
    const lost = await task("tests", ...guess);
    assertEquals(lost.code, 1);
    assertStringIncludes(lost.stderr, `there is no model "tiny_net"; `);
    assertStringIncludes(lost.stderr, `the configuration was made with ${ADD}: add ${ADD}`);
    // The model alone is needed: class names and preprocessing are in the checkpoint.
    const found = await task("tests", ...guess, "--import", "../examples/model.ts");
    assertEquals([found.code, found.stderr], [0, ""]);
    assertMatch(found.stdout, /^ +\d+\.\d\d % {2}[a-z ]+ {2}\S+picture\.pgm\n$/);

    const inspected = await task("tests", "inspect", student);
    assertStringIncludes(inspected.stdout, `fits none that is known here`);
    assertStringIncludes(inspected.stdout, `add ${ADD}`);
    const fits = await task("tests", "inspect", student, ...IMPORTS);
    assertStringIncludes(fits.stdout, "fits tiny_net (4 classes, 1 channel)");

    const unknown = await task("tests", ...taught.slice(0, 5), "--resume");
    assertStringIncludes(unknown.stderr, "add --import ../examples/all.ts");
    const resumed = await task("tests", ...taught, "2", "LOGITS.MATCH_WEIGHT", "0.3", "--resume");
    assertEquals(resumed.code, 0, resumed.stderr);
    assertStringIncludes(resumed.stdout, "epoch 2/2");
    assertEquals(resumed.stderr.includes("changed now: IMPORT"), false);

    const printed = await task(
      "tests",
      "config",
      join(folder, "examples/stripes/config.yaml"),
      ...IMPORTS,
    );
    assertEquals(printed.code, 0, printed.stderr);
    assertStringIncludes(printed.stdout, "LOGITS:\n  CE_WEIGHT: 1\n  MATCH_WEIGHT: 0.3\n");
  });
});

Deno.test("keys of an imported distiller are keys like others", async () => {
  const described = await task("examples", "config", "--import", "distiller.ts");
  assertStringIncludes(
    described.stdout,
    "LOGITS.MATCH_WEIGHT = 0.1\n      Weight of the squared difference.\n      It is a number of at least 0.",
  );
  const words = ["config", "--import", "distiller.ts", "DISTILLER.TYPE", "LOGITS"];
  const near = await task("examples", ...words, "LOGITS.MATCHWEIGHT", "1");
  assertStringIncludes(near.stderr, "did you mean LOGITS.MATCH_WEIGHT?");
  const wrong = await task("examples", ...words, "LOGITS.MATCH_WEIGHT", "-1");
  assertStringIncludes(wrong.stderr, "LOGITS.MATCH_WEIGHT must be a number of at least 0; got -1");
  const idle = await task("examples", "config", "--import", "distiller.ts", "DISTILLER.TYPE", "KD");
  assertEquals(idle.stdout.includes("LOGITS"), false);
});

Deno.test("models and data bench know what is imported, and say what they do not know", async () => {
  const models = await task("examples", "models", "--import", "model.ts");
  assertMatch(models.stdout, /\| tiny_net +\| +cifar \|/);
  const bench = ["data", "bench", "DATASET.TYPE", "stripes", "--batches", "2"];
  const speed = await task("examples", ...bench, "--import", "dataset.ts");
  assertMatch(speed.stdout, /stripes\/train +16 x 16, in memory +\d+ images/);
  const nowhere = await task("examples", ...bench);
  assertStringIncludes(nowhere.stderr, 'there is no data set "stripes"');
});

Deno.test("--import says in a sentence why a module is of no use", async () => {
  await inTempDir(async (folder) => {
    const write = (name: string, code: string) => {
      Deno.writeTextFileSync(join(folder, name), code.replace("MOD", MOD));
      return join(folder, name);
    };
    const said = async (file: string) => (await task("tests", "config", "--import", file)).stderr;
    const NAMES = 'import * as wkd from "MOD";\n';
    const dataset = "wkd.registerDataset({ name: 'mine', doc: 'x', load: () => null });\n";

    assertEquals(
      await said("no.ts"),
      "error: --import no.ts: there is no such file; name a TypeScript module\n",
    );
    assertEquals(
      await said(folder),
      `error: --import ${folder} is no file; name a TypeScript module\n`,
    );
    const empty = write("empty.ts", NAMES);
    assertStringIncludes(
      await said(empty),
      `error: --import ${empty} registers nothing: it has to`,
    );
    const twice = write("twice.ts", NAMES + dataset + dataset);
    assertStringIncludes(
      await said(twice),
      `error: --import ${twice}: registerDataset: the data set mine is there already, that of ${twice}; choose another name\n`,
    );
    const taken = write(
      "taken.ts",
      `${NAMES}wkd.registerModel({ name: "vgg8", build: () => null });`,
    );
    assertStringIncludes(await said(taken), "the model vgg8 is there already, the package's own");
    const build = '() => wkd.createModel("resnet8", { numClasses: 7 })';
    const seven = write(
      "seven.ts",
      `${NAMES}wkd.registerModel({ name: "seven", build: ${build} });`,
    );
    const five = await task("tests", "models", "--import", seven, "--classes", "5");
    assertStringIncludes(five.stderr, "seven tells 7 classes apart where 5 are wanted");
    const section = { name: "SOLVER", keys: {} };
    const solver = write("solver.ts", `${NAMES}wkd.registerDistiller(${JSON.stringify(section)});`);
    assertStringIncludes(await said(solver), "SOLVER is a section of the configuration already");
    const lower = write("lower.ts", `${NAMES}wkd.registerDistiller({ name: "mine", keys: {} });`);
    assertStringIncludes(
      await said(lower),
      "the name of the distiller has to be a word of capital letters",
    );

    const costly = write(
      "costly.ts",
      `${NAMES}wkd.registerDistiller({ name: "COSTLY", keys: {}, costMatrix: () => true });`,
    );
    assertStringIncludes(await said(costly), "spread costMatrixKeys() among its keys");
    const float = 'wkd.field.float(-1, "x", { min: 0 })';
    const wrong = write(
      "wrong.ts",
      `${NAMES}wkd.registerDistiller({ name: "WRONG", keys: { A: { B: ${float} } } });`,
    );
    assertStringIncludes(
      await said(wrong),
      "the default of WRONG.A.B must be a number of at least 0",
    );

    const broken = write("broken.ts", "const a = ;");
    assertMatch(
      await said(broken),
      /^error: --import \S+ cannot be loaded: SyntaxError: Expression expected at \S+broken\.ts:1:11\n$/,
    );
    const lacking = write("lacking.ts", 'import "./nowhere.ts";');
    assertMatch(
      await said(lacking),
      /cannot be loaded: Module not found "file:\S+nowhere\.ts"\.? at file:/,
    );
    // Deno would load code from a few hosts; the name none.invalid is never one of them.
    const remote = write("remote.ts", 'import "https://esm.sh/left-pad@1.3.0";');
    assertStringIncludes(await said(remote), 'Requires import access to "esm.sh:443"');
    const throws = write("throws.ts", "function f() {\n  null.x;\n}\nf();\n");
    const [first, ...trace] = (await said(throws)).trim().split("\n");
    assertStringIncludes(first, `error: --import ${throws} threw TypeError: Cannot read`);
    assertMatch(trace.join("\n"), /^ +at f \(\S+throws\.ts:2:8\)\n +at \S+throws\.ts:4:1$/);
  });
});

Deno.test("a module's own mistake while it works is not the program's; a configuration runs none", async () => {
  await inTempDir(async (folder) => {
    const file = join(folder, "mine.ts");
    Deno.writeTextFileSync(
      file,
      `import * as wkd from "${MOD}";
console.log("loaded");
wkd.registerDataset({ name: "mine", doc: "x", load: () => null.x });`,
    );
    const words = ["data", "bench", "DATASET.TYPE", "mine", "--import", file];
    const { stdout, stderr } = await task("tests", ...words);
    assertEquals(stdout, "loaded\n");
    assertMatch(
      stderr,
      /^error: this is a mistake in a module that --import runs\nTypeError: .*null/,
    );
    assertStringIncludes(stderr, "mine.ts:3");
    const cfg = join(folder, "mine.yaml");
    Deno.writeTextFileSync(cfg, `EXPERIMENT: {IMPORT: ${file}}\n`);
    const printed = await task("tests", "config", cfg);
    assertStringIncludes(printed.stdout, `  IMPORT: ["${file}"]\n`);
    assertEquals(printed.stdout.includes("loaded"), false);
  });
});

Deno.test("an imported data set whose images do not fit is refused with what does not", async () => {
  await inTempDir(async (folder) => {
    const file = join(folder, "mine.ts");
    const bench = async (split: string) => {
      Deno.writeTextFileSync(
        file,
        `import * as wkd from "${MOD}";
const good = { images: new Uint8Array(8), labels: new Int32Array(2), length: 2, channels: 1,
  height: 2, width: 2, classes: ["a"], mean: [0.5], std: [0.5], name: "x" };
wkd.registerDataset({ name: "mine", doc: "x", load: () => ({ train: good, test: ${split} }) });`,
      );
      const { stderr } = await task(
        "tests",
        "data",
        "bench",
        "DATASET.TYPE",
        "mine",
        "--import",
        file,
      );
      return stderr;
    };
    assertStringIncludes(await bench("null"), "the data set mine: load() gave no test images");
    assertStringIncludes(
      await bench("{ ...good, images: new Uint8Array(7) }"),
      "the data set mine/test: images must be a Uint8Array of 2 x 1 x 2 x 2 = 8 bytes; got Uint8Array of 7",
    );
    assertStringIncludes(
      await bench("{ ...good, labels: Int32Array.of(0, 1) }"),
      "the label 1 is none of 0 to 0, for its classes",
    );
    assertStringIncludes(await bench("{ ...good, std: [0] }"), "std must be above 0; got 0");
  });
});
