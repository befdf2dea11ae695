import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { basename, join } from "@std/path";
import { isRecorded, planRuns } from "../../../src/cli/results/plan.ts";
import { ResultsFile } from "../../../src/cli/results/results_file.ts";
import { TABLES, usualFile } from "../../../src/cli/results/tables.ts";
import "../../../src/optim/registry.ts";
import { costMatrixSettings } from "../../../src/run/cost_matrix/run_cost_matrix.ts";
import { inTempDir } from "../../temp_dir.ts";
import { cli, TINY, writeCifar } from "../helpers.ts";

const [FASHION, CIFAR, PUBLISHED] = TABLES;

/** The runs of a table with one seed, as `method` or `method teacher's file, cost matrix`. */
function planned(folder: string, methods?: string, ...overrides: string[]): string[] {
  const file = new ResultsFile(join(folder, "r.json"), CIFAR);
  const runs = planRuns({ table: CIFAR, file, seeds: 1, methods, overrides });
  return runs.map(({ method, config }) => {
    const { path } = costMatrixSettings(config) ?? {};
    return [method.name, config.DISTILLER.TEACHER_CHECKPOINT, path].filter(Boolean).join(" ");
  });
}

Deno.test("results trains what is not recorded, and makes the table", async () => {
  await inTempDir(async (folder) => {
    const out = join(folder, "r.json");
    const args = ["results", "--methods", "alone", "--out", out, "LOG.PREFIX", folder, ...TINY];
    const first = await cli(...args, "--seeds", "1");
    assertEquals(first.status, 0, first.stderr);
    assertStringIncludes(first.stdout, "1 run: 0 recorded, 1 to do");
    const second = await cli(...args, "--seeds", "2");
    assertStringIncludes(second.stdout, "2 runs: 1 recorded, 1 to do");
    assertStringIncludes(second.stdout, "[1/1] student alone, seed 1");
    const { runs } = JSON.parse(Deno.readTextFileSync(out));
    assertEquals(runs.map((run: { seed: number }) => run.seed), [0, 1]);
    const mean = (runs[0].top1 + runs[1].top1) / 2;
    const table = Deno.readTextFileSync(join(folder, "r.md"));
    assertMatch(table, new RegExp(`\\| student alone +\\| +${mean.toFixed(2)} \\|`));
    const third = await cli(...args, "--seeds", "2");
    assertStringIncludes(third.stdout, "2 runs: 2 recorded, 0 to do");
    const changed = await cli(...args, "--seeds", "1", "SOLVER.LR", "0.01");
    assertStringIncludes(changed.stdout, "1 run: 0 recorded, 1 to do");
    assertEquals(changed.status, 0, changed.stderr);
  });
});

Deno.test("the committed results are those of the configurations as they are", async () => {
  const file = new ResultsFile(usualFile(FASHION), FASHION);
  const runs = planRuns({ table: FASHION, file, seeds: 2, overrides: [] });
  assertEquals(runs.length, 10);
  for (const run of runs) assert(await isRecorded(file, run), `${run.method.name} ${run.seed}`);
  assertEquals(
    Deno.readTextFileSync("results/fashion_mnist.md").split("\n\n")[1],
    file.markdown() + "\n",
  );
});

Deno.test("a table trains the teacher that no configuration names", async () => {
  await inTempDir((folder) => {
    const root = join("output", "results", "r");
    const checkpoint = join(root, "teacher_seed0", "student_latest");
    const matrix = join(root, "cost_matrix.safetensors");
    assertEquals(planned(folder), [
      "teacher",
      "alone",
      `kd ${checkpoint}`,
      `wkd_l ${checkpoint} ${matrix}`,
      `wkd_f ${checkpoint}`,
      `wkd_l_f ${checkpoint} ${matrix}`,
    ]);
    assertEquals(planned(folder, "alone"), ["alone"]);
    assertEquals(planned(folder, "kd"), ["teacher", `kd ${checkpoint}`]);
    const named = ["DISTILLER.TEACHER_CHECKPOINT", "t.pth", "WKD.COST_MATRIX_PATH", "c.pth"];
    assertEquals(planned(folder, "wkd_l", ...named), ["wkd_l t.pth c.pth"]);
    const own = ["WKD.COST_MATRIX_PATH", "c.pth"];
    assertEquals(planned(folder, "wkd_l", ...own), ["teacher", `wkd_l ${checkpoint} c.pth`]);
  });
});

Deno.test("a table of a published teacher trains none, and takes the seeds one after the other", async () => {
  await inTempDir(async (folder) => {
    const file = new ResultsFile(join(folder, "r.json"), PUBLISHED);
    const runs = planRuns({ table: PUBLISHED, file, seeds: 2, overrides: [] });
    const methods = ["alone", "kd", "wkd_l", "wkd_f", "wkd_l_f"];
    assertEquals(
      runs.map(({ method, seed }) => `${method.name} ${seed}`),
      [0, 1].flatMap((seed) => methods.map((name) => `${name} ${seed}`)),
    );
    const { DISTILLER, DATASET } = runs[1].config;
    assertEquals(DISTILLER.TEACHER_CHECKPOINT, "data/cifar10_published/resnet56-4bfd9763.th");
    assertEquals([DISTILLER.TEACHER, DATASET.NORMALIZE], ["resnet56A", "imagenet"]);
    const words = ["results", "--table", "cifar10_published", "--out", join(folder, "r.json")];
    const elsewhere = join(folder, "x.th");
    const refused = await cli(...words, "DISTILLER.TEACHER_CHECKPOINT", elsewhere);
    assertStringIncludes(
      refused.stderr,
      `there is no teacher ${elsewhere}; \`deno task data:published`,
    );
    const unnamed = ["DISTILLER.TEACHER_CHECKPOINT", ""];
    assertEquals(planRuns({ table: PUBLISHED, file, seeds: 1, overrides: unnamed }).length, 5);
  });
});

Deno.test("results trains a teacher, makes its cost matrix and distils from both", async () => {
  await inTempDir(async (folder) => {
    writeCifar(folder);
    const out = join(folder, "r.json");
    const settings = [
      ...["DATASET.ROOT", folder, "LOG.PREFIX", folder, "SOLVER.BATCH_SIZE", "8"],
      ...["SOLVER.EPOCHS", "1", "DATASET.TEST.BATCH_SIZE", "10"],
      ...["DISTILLER.TEACHER", "resnet8", "DISTILLER.STUDENT", "resnet8"],
    ];
    const words = ["results", "--table", "cifar10", "--seeds", "1", "--out", out];
    const first = await cli(...words, "--methods", "alone,kd,wkd_l,wkd_l_f", ...settings);
    assertEquals(first.status, 0, first.stderr);
    assertStringIncludes(first.stdout, "5 runs: 0 recorded, 5 to do");
    assertStringIncludes(first.stdout, "cost_matrix.safetensors: 10 x 10, most alike");
    const { command, runs } = JSON.parse(Deno.readTextFileSync(out));
    assertEquals(command, "deno task results --table cifar10");
    const methods = ["teacher", "alone", "kd", "wkd_l", "wkd_l_f"];
    assertEquals(runs.map(({ method }: { method: string }) => method), methods);
    const made = join(folder, "results", "r");
    assertEquals(
      runs[3].command,
      [
        "deno task train --cfg configs/cifar10/wkd_l/resnet32x4_resnet8x4.yaml",
        ...[...settings, "SOLVER.SEED 0 EXPERIMENT.NAME wkd_l_seed0"],
        `DISTILLER.TEACHER_CHECKPOINT ${join(made, "teacher_seed0", "student_latest")}`,
        `WKD.COST_MATRIX_PATH ${join(made, "cost_matrix.safetensors")}`,
      ].join(" "),
    );
    const table = Deno.readTextFileSync(join(folder, "r.md"));
    assertMatch(table, /\| teacher +\|(.|\n)+\| WKD-L \+ WKD-F +\|/);
    assertStringIncludes(table, "Made by `deno task results --table cifar10`");

    const again = await cli(...words, "--methods", methods.join(), ...settings);
    assertStringIncludes(again.stdout, "5 runs: 5 recorded, 0 to do");
    // Other settings of a student are none of the teacher's.
    const kd = ["--methods", "kd", ...settings, "SOLVER.LR", "0.01"];
    const student = await cli(...words, ...kd);
    assertStringIncludes(student.stdout, "1 run: 0 recorded, 1 to do");
    Deno.removeSync(join(made, "cost_matrix.safetensors"));
    const remade = await cli(...words, "--methods", methods.join(), ...settings);
    assertStringIncludes(remade.stdout, "5 runs: 1 recorded, 4 to do");
    assertEquals(remade.status, 0, remade.stderr);
    const after = JSON.parse(Deno.readTextFileSync(out)).runs;
    const [trained, taken] = [0, 3].map((i) => after[i].fingerprint);
    assertEquals([trained, taken], [0, 3].map((i) => runs[i].fingerprint));
    const other = await cli("results", "--out", out);
    assertStringIncludes(other.stderr, `${basename(out)} holds the results of another table`);
  });
});
