import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { gpuAdvice } from "../../src/cli/gpu_advice.ts";
import { runsOnOpenGl } from "../../src/cli/open_device.ts";
import type { Gpu } from "../../src/gpu/gpu.ts";
import { GpuError } from "../../src/gpu/gpu_error.ts";
import { inTempDir } from "../temp_dir.ts";
import { TINY } from "./helpers.ts";

const VANILLA = "configs/fashion_mnist/vanilla/resnet8.yaml";
const TEACHER = "checkpoints/fashion_mnist/resnet20.safetensors";

/** A command on a device that fails at its submission of that number. */
async function failing(kind: string, submission: number, ...words: string[]) {
  const script = fromFileUrl(new URL("./failing_cli.ts", import.meta.url));
  const args = ["run", "-A", "--no-check", script, kind, String(submission), ...words];
  const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stderr: decode(stderr), stdout: decode(stdout) };
}

Deno.test("train says that the device failed, what is saved, and how to go on", async () => {
  await inTempDir(async (folder) => {
    const run = ["train", "--cfg", VANILLA, ...TINY, "SOLVER.EPOCHS", "50", "LOG.PREFIX", folder];
    const lost = await failing("lost", 400, ...run);
    assertEquals(lost.code, 1, lost.stdout);
    assertMatch(lost.stderr, /error: the device was lost: .*deno task doctor/);
    assertMatch(
      lost.stderr,
      /saved: \S*latest \(after epoch \d+\); go on with:\n {2}deno task train/,
    );
    assertEquals(/Suppressed|OperationError|mistake| {4}at /.test(lost.stderr), false, lost.stderr);
    const memory = await failing("memory", 1, ...run, "--overwrite");
    assertEquals(memory.code, 1);
    assertMatch(
      memory.stderr,
      /error: the device ran out of memory: in use .*; use a smaller SOLVER\.BATCH_SIZE/,
    );
    assertMatch(memory.stderr, /saved: \S*latest \(after epoch \d+\)/);
  });
});

Deno.test("eval and cost-matrix say that the device failed", async () => {
  const few = ["DATASET.SUBSET", "4", "DATASET.VALIDATION", "2"];
  const evaluated = await failing("validation", 2, "eval", TEACHER, ...few);
  assertEquals([evaluated.code, evaluated.stderr.includes("error: Binding 3 is too small.\n")], [
    1,
    true,
  ]);
  await inTempDir(async (folder) => {
    const made = ["cost-matrix", "--ckpt", TEACHER, "--samples", "4", "--out", `${folder}/a.pth`];
    const matrix = await failing("memory", 2, ...made, "--teacher", "resnet20", ...few);
    assertEquals(matrix.code, 1);
    assertMatch(matrix.stderr, /error: the device ran out of memory: .*; use --source pooled/);
    assertEquals([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("gpuAdvice() says what a command's user can do", () => {
  const refused = new GpuError("out of device memory: wanted 1 MB, limit 1 MB", "out-of-memory");
  assertEquals(
    gpuAdvice(refused, "eval"),
    "; use a smaller --batch-size, or raise the limit (WKD_MEMORY_LIMIT_MB)",
  );
  assertStringIncludes(gpuAdvice(new GpuError("x", "no-float16"), "train"), "SOLVER.AMP False");
  assertEquals(gpuAdvice(new GpuError("x"), "train"), "");
});

Deno.test("runsOnOpenGl() tells an adapter whose driver says nothing of subgroups and float16", () => {
  const gpu = (min: number, max: number, half: boolean) =>
    ({ half, info: { subgroupMinSize: min, subgroupMaxSize: max } }) as unknown as Gpu;
  assertEquals(runsOnOpenGl(gpu(4, 128, false)), Deno.build.os === "linux");
  assertEquals(runsOnOpenGl(gpu(4, 128, true)), false);
  assertEquals(runsOnOpenGl(gpu(8, 8, false)), false);
});
