import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { loadCheckpoint } from "../../src/train/checkpoint.ts";
import { readCostMatrix, writeCostMatrix } from "../../src/train/cost_matrix_file.ts";
import { cli, inTempDir, writeTeacher } from "./helpers.ts";

Deno.test("cost-matrix compares features, logits and weights in the ways it offers", async () => {
  await inTempDir(async (folder) => {
    const ckpt = await writeTeacher(folder);
    const ways = [
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
    }
  });
});

Deno.test("cost-matrix says what does not go together", async () => {
  const both = await cli(
    ...["cost-matrix", "--ckpt", "x", "--similarity", "cosine", "--source", "logits"],
  );
  assertEquals(both.status, 1);
  assertStringIncludes(both.stderr, "leave --source out");
  const bandwidth = await cli("cost-matrix", "--ckpt", "x", "--bandwidth", "0");
  assertStringIncludes(bandwidth.stderr, "A positive number is wanted");
  const nowhere = await cli("cost-matrix", "--teacher", "vgg13", "--dataset", "cifar100");
  assertEquals(nowhere.status, 1);
  assertStringIncludes(
    nowhere.stderr,
    "there is no checkpoint of the teacher vgg13: none of checkpoints/cifar100/vgg13.safetensors, " +
      "checkpoints/cifar100/vgg13.pth, " +
      "download_ckpts/cifar_teachers/vgg13_vanilla/ckpt_epoch_240.pth is there; name it with --ckpt",
  );
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
    assertEquals([...readCostMatrix(path, 2)], [0, 0.5, 0.5, 0]);
    assertEquals(JSON.parse(Deno.readTextFileSync(`${path}.json`)), { cost: "1 - linear CKA" });
    return Promise.resolve();
  });
});
