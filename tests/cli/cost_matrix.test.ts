import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { loadCheckpoint, saveCheckpoint } from "../../src/run/checkpoint.ts";
import { readCostMatrix, writeCostMatrix } from "../../src/run/cost_matrix_file.ts";
import { type CostMatrixFlags, makePlan } from "../../src/cli/cost_matrix_plan.ts";
import { cli, writeTeacher } from "./helpers.ts";
import { writePictures } from "../pictures.ts";
import { inTempDir } from "../temp_dir.ts";

Deno.test("cost-matrix compares features, logits and weights in the ways it offers", async () => {
  await inTempDir(async (folder) => {
    const ckpt = await writeTeacher(folder);
    const ways = [
      [["--source", "features"], "1 - linear CKA"],
      [["--similarity", "poly_cka", "--degree", "2"], "1 - polynomial CKA of degree 2"],
      [
        ["--similarity", "rbf_cka", "--bandwidth", "0.8", "--source", "logits"],
        "1 - RBF CKA with bandwidth 0.8",
      ],
      [["--similarity", "cosine"], "1 - cosine of the rows of the classifier's weight"],
    ] as const;
    for (const [i, [words, cost]] of ways.entries()) {
      const out = join(folder, `${i}.safetensors`);
      const common = ["--teacher", "resnet8", "--ckpt", ckpt, "--dataset", "fashion_mnist"];
      const made = await cli("cost-matrix", ...common, ...words, "--samples", "3", "--out", out);
      assertEquals(made.status, 0, made.stderr);
      const { tensors, metadata } = loadCheckpoint(out);
      const matrix = tensors.get("cost_matrix")!.data as Float32Array;
      for (let c = 0; c < 10; c++) assertEquals(Math.abs(matrix[c * 11]) < 1e-6, true);
      assertEquals(matrix.some((value) => value > 1e-3), true);
      assertEquals(metadata.cost, cost);
      assertStringIncludes(metadata.command, words.slice(0, 2).join(" "));
      assertMatch(metadata.teacher_sha256, /^[0-9a-f]{64}$/);
      assertEquals(metadata.command.includes("--samples"), !words.includes("cosine" as never));
    }
  });
});

Deno.test("makePlan() makes what the configuration says, and names another file after how it is made", async () => {
  await inTempDir(async (folder) => {
    const ckpt = await writeTeacher(folder);
    const cfg = join(folder, "x.yaml");
    const plan = (keys: string, flags: Partial<CostMatrixFlags> = {}) => {
      Deno.writeTextFileSync(cfg, `WKD: {COST_MATRIX_PATH: a/x.pth, ${keys}}`);
      const made = makePlan({ ckpt, teacher: "resnet8", cfg, ...flags }, []);
      return [made.source, made.similarity, made.out];
    };
    const usual = "wkd_cost_matrix/cifar100/resnet8";
    const [SOURCE, SIMILARITY] = ["SOURCE", "SIMILARITY"].map((name) => `COST_MATRIX_${name}: `);
    assertEquals(plan(""), ["features", "linear_cka", "a/x.pth"]);
    assertEquals(plan(`${SOURCE}logits`), ["logits", "linear_cka", "a/x.pth"]);
    assertEquals(plan(`${SIMILARITY}rbf_cka`), ["pooled", "rbf_cka", "a/x.pth"]);
    assertEquals(plan("", { source: "features" }), ["features", "linear_cka", "a/x.pth"]);
    assertEquals(
      plan("", { source: "pooled" }),
      ["pooled", "linear_cka", `${usual}/pooled_linear_cka.safetensors`],
    );
    assertEquals(
      plan(`${SOURCE}logits`, { source: "features", similarity: "poly_cka" }),
      ["features", "poly_cka", `${usual}/features_poly_cka.safetensors`],
    );
    assertEquals(plan("", { similarity: "cosine" })[2], `${usual}/cosine.safetensors`);
    const imagenet = plan("", { dataset: "imagenet" });
    assertEquals(imagenet, ["logits", "linear_cka", "a/x.pth"]);
  });
});

Deno.test("cost-matrix says what does not go together", async () => {
  const both = await cli(
    ...["cost-matrix", "--ckpt", "x", "--similarity", "cosine", "--source", "logits"],
  );
  assertEquals(both.status, 1);
  assertStringIncludes(both.stderr, "leave --source out");
  const degree = await cli("cost-matrix", "--ckpt", "x", "--similarity", "cosine", "--degree", "2");
  assertStringIncludes(degree.stderr, "--degree is of --similarity poly_cka");
  const bandwidth = await cli("cost-matrix", "--ckpt", "x", "--bandwidth", "0");
  assertStringIncludes(bandwidth.stderr, "--bandwidth must be a number greater than 0; got 0");
  const nowhere = await cli("cost-matrix", "--teacher", "vgg13", "--dataset", "cifar100");
  assertEquals(nowhere.status, 1);
  assertStringIncludes(
    nowhere.stderr,
    "there is no checkpoint of the teacher vgg13: none of checkpoints/cifar100/vgg13.safetensors, " +
      "checkpoints/cifar100/vgg13.pth, " +
      "download_ckpts/cifar_teachers/vgg13_vanilla/ckpt_epoch_240.pth is there; put it there or name it with --ckpt",
  );
});

Deno.test("train makes the matrix that it lacks, where cost-matrix makes it, and again for another teacher", async () => {
  await inTempDir(async (folder) => {
    const pictures = join(folder, "pictures");
    writePictures(pictures);
    const matrix = join(folder, "cka.pth");
    const words = [
      ...["DATASET.TYPE", "image_folder", "DATASET.ROOT", pictures, "DATASET.VALIDATION", "0.25"],
      ...["DATASET.TEST.BATCH_SIZE", "6", "SOLVER.BATCH_SIZE", "4", "SOLVER.EPOCHS", "1"],
      ...["DISTILLER.STUDENT", "resnet8", "LOG.PREFIX", folder],
    ];
    const teach = async (name: string, seed: string) => {
      const own = ["SOLVER.SEED", seed, "EXPERIMENT.NAME", name];
      assertEquals((await cli("train", ...words, ...own)).status, 0);
      return ["DISTILLER.TEACHER_CHECKPOINT", join(folder, "distill", name, "student_latest")];
    };
    const wkd = [
      ...words,
      ...["DISTILLER.TYPE", "WKD", "DISTILLER.TEACHER", "resnet8"],
      ...["WKD.COST_MATRIX", "cka", "WKD.COST_MATRIX_PATH", matrix],
    ];
    const one = await teach("one", "1");
    const first = await cli("train", ...wkd, ...one, "EXPERIMENT.NAME", "first");
    assertEquals(first.status, 0, first.stderr);
    assertStringIncludes(first.stdout, `made the cost matrix ${matrix} from resnet8 and 6 images`);
    // What was settled stands where anybody looks.
    assertStringIncludes(first.stdout, "WKD, where nothing else is said: LOSS.WKD_LOGIT_WEIGHT 50");
    const saved = Deno.readTextFileSync(join(folder, "distill", "first", "config.yaml"));
    assertStringIncludes(saved, "HINT_LAYER: -1");
    const made = readCostMatrix(matrix, 3);
    const again = join(folder, "again.pth");
    const command = await cli(
      ...["cost-matrix", ...wkd.slice(0, 6), "--teacher", "resnet8"],
      ...["--ckpt", one[1], "--dataset", "image_folder", "--out", again],
    );
    assertEquals(command.status, 0, command.stderr);
    const { command: _, ...note } = readCostMatrix(again, 3).note;
    assertEquals(readCostMatrix(again, 3).cost, made.cost);
    assertEquals(note, made.note);

    const two = await teach("two", "2");
    const other = await cli("train", ...wkd, ...two, "EXPERIMENT.NAME", "other");
    assertEquals(other.status, 0, other.stderr);
    const own = join(folder, "distill", "other", "cost_matrix.safetensors");
    assertStringIncludes(other.stdout, `the run uses one of its own, ${own}`);
    assertEquals(readCostMatrix(matrix, 3), made);
    assert(readCostMatrix(own, 3).note.teacher_sha256 !== made.note.teacher_sha256);
    // Resuming at the end reads the run's own again, and makes none.
    const end = await cli("train", ...wkd, ...two, "EXPERIMENT.NAME", "other", "--resume");
    assertEquals(end.status, 0, end.stderr);
    assert(!end.stdout.includes("made the cost matrix"));
    assert(!end.stdout.includes("changed now"), end.stdout);
  });
});

Deno.test("cost-matrix warns of the costs of a teacher that tells no classes apart", async () => {
  await inTempDir(async (folder) => {
    const ckpt = await writeTeacher(folder);
    const { tensors, metadata } = loadCheckpoint(ckpt);
    const weight = tensors.get("fc.weight")!;
    const ones = { ...weight, data: new Float32Array(640).fill(1) };
    saveCheckpoint(ckpt, new Map(tensors).set("fc.weight", ones) as never, metadata);
    const out = join(folder, "cosine.safetensors");
    const { status, stderr } = await cli(
      ...["cost-matrix", "--ckpt", ckpt, "--similarity", "cosine", "--out", out],
    );
    assertEquals(status, 0, stderr);
    assertStringIncludes(stderr, `warning: the cost matrix ${out} holds no cost above 0`);
  });
});

Deno.test("cost-matrix says how many images a class has", async () => {
  await inTempDir(async (folder) => {
    const args = ["--ckpt", await writeTeacher(folder), "--samples", "6001"];
    const { status, stderr } = await cli(
      ...["cost-matrix", ...args, "--out", join(folder, "cka.safetensors")],
    );
    assertEquals(status, 1);
    assertStringIncludes(stderr, "--samples must be an integer from 1 to 6000");
  });
});

Deno.test("writeCostMatrix() writes torch files with a note beside them", async () => {
  await inTempDir((folder) => {
    const path = join(folder, "cka.pth");
    writeCostMatrix(path, Float32Array.of(0, 0.5, 0.5, 0), 2, { cost: "1 - linear CKA" });
    assertEquals([...readCostMatrix(path, 2).cost], [0, 0.5, 0.5, 0]);
    const { cost, cost_matrix_sha256 } = JSON.parse(Deno.readTextFileSync(`${path}.json`));
    assertEquals(cost, "1 - linear CKA");
    assertMatch(cost_matrix_sha256, /^[0-9a-f]{64}$/);
  });
});
