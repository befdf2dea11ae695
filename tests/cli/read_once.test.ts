import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { inTempDir } from "../temp_dir.ts";
import { cli, TINY, writeTeacher } from "./helpers.ts";

/** How often a command opens files whose paths end in certain names. */
async function opened(names: readonly string[], words: readonly string[]): Promise<number[]> {
  const { openSync } = Deno;
  const paths: string[] = [];
  Deno.openSync = (path, options) => {
    paths.push(String(path));
    return openSync(path, options);
  };
  try {
    const { status, stderr } = await cli(...words);
    assertEquals(status, 0, stderr);
  } finally {
    Deno.openSync = openSync;
  }
  return names.map((name) => paths.filter((path) => path.endsWith(`/${name}`)).length);
}

Deno.test("a command reads a checkpoint and a cost matrix once", async () => {
  await inTempDir(async (folder) => {
    const ckpt = await writeTeacher(folder);
    const [teacher, matrix] = ["teacher10.safetensors", "cosine.safetensors"];
    assertEquals(await opened([teacher], ["eval", ckpt, "DATASET.VALIDATION", "2"]), [1]);
    const out = ["--similarity", "cosine", "--out", join(folder, matrix)];
    assertEquals(await opened([teacher], ["cost-matrix", "--ckpt", ckpt, ...out]), [1]);
    const cfg = join(folder, "wkd_l.yaml");
    const lines = [
      `LOG: {PREFIX: ${folder}, WANDB: False}`,
      `EXPERIMENT: {NAME: once}`,
      `DATASET: {TYPE: fashion_mnist}`,
      `DISTILLER: {TYPE: WKD, STUDENT: resnet8, TEACHER: resnet8, TEACHER_CHECKPOINT: ${ckpt}}`,
      `WKD: {COST_MATRIX: cka, COST_MATRIX_PATH: ${join(folder, matrix)},`,
      `  LOSS: {WKD_LOGIT_WEIGHT: 1.0}}`,
    ];
    Deno.writeTextFileSync(cfg, lines.join("\n"));
    const train = ["train", "--cfg", cfg, ...TINY];
    assertEquals(await opened([teacher, matrix, "latest"], train), [1, 1, 0]);
    const more = [...train, "SOLVER.EPOCHS", "2", "--resume"];
    assertEquals(await opened([teacher, matrix, "latest"], more), [1, 1, 1]);
  });
});
