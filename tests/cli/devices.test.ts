import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { gpuAdvice } from "../../src/cli/device/gpu_advice.ts";
import { advising, type MemoryError, smaller } from "../../src/run/memory_error.ts";
import { runsOnOpenGl } from "../../src/cli/device/open_device.ts";
import type { Gpu } from "../../src/gpu/gpu.ts";
import { GpuError } from "../../src/gpu/gpu_error.ts";
import { inTempDir } from "../temp_dir.ts";
import { cli, TINY, VANILLA, writeTeacher } from "./helpers.ts";

const TEACHER = "checkpoints/fashion_mnist/resnet20.safetensors";

/** A command on a device that fails at its submission of that number. */
async function failing(kind: string, submission: number, ...words: string[]) {
  const script = fromFileUrl(new URL("./programs/failing_cli.ts", import.meta.url));
  const args = ["run", "-A", "--no-check", script, kind, String(submission), ...words];
  const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stderr: decode(stderr), stdout: decode(stdout) };
}

Deno.test("train says that the device failed, what is saved, and how to go on", async () => {
  await inTempDir(async (folder) => {
    const run = ["train", "--cfg", VANILLA, ...TINY, "SOLVER.EPOCHS", "50", "LOG.PREFIX", folder];
    const lost = await failing("lost", 300, ...run);
    assertEquals(lost.code, 1, lost.stdout);
    assertMatch(lost.stderr, /error: the device was lost: .*deno task doctor/);
    assertMatch(
      lost.stderr,
      /saved: \S*latest \(after epoch \d+\); go on with:\n {2}deno task train/,
    );
    assertEquals(/Suppressed|OperationError|mistake| {4}at /.test(lost.stderr), false, lost.stderr);
    const memory = await failing("memory", 2, ...run, "--overwrite");
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

Deno.test("train names the setting that there is no memory for, on the device or on this machine", async () => {
  await inTempDir(async (folder) => {
    const teacher = await writeTeacher(folder);
    const run = ["train", "--cfg", VANILLA, ...TINY, "LOG.PREFIX", folder];
    run.push("DISTILLER.TEACHER", "resnet8", "DISTILLER.TEACHER_CHECKPOINT", teacher);
    const crd = [
      "DISTILLER.TYPE",
      "CRD",
      "CRD.FEAT.STUDENT_DIM",
      "64",
      "CRD.FEAT.TEACHER_DIM",
      "64",
    ];
    for (
      const [key, value, ...method] of [
        ["CRD.FEAT.DIM", "100000000", ...crd],
        ["CRD.FEAT.DIM", "9007199254740991", ...crd],
        ["CRD.NCE.K", "100000000", ...crd],
        ["OFD.CONNECTOR.KERNEL_SIZE", "1000000", "DISTILLER.TYPE", "OFD"],
      ]
    ) {
      const { status, stderr } = await cli(...run, ...method, key, value);
      assertEquals(status, 1, stderr);
      assertMatch(
        stderr,
        new RegExp(
          `^error: (this machine has no memory for|a tensor of) .*; use a smaller ${key}, which is ${value} .*\n`,
          "m",
        ),
      );
    }
    const eager = await cli(
      ...[...run, "SOLVER.DROP_LAST", "False", "SOLVER.BATCH_SIZE", "9007199254740991"],
    );
    assertEquals(eager.status, 0, eager.stderr);
  });
});

Deno.test("advising() leaves what is no want of memory, and smaller() names the most unusual setting", async () => {
  const long = () => Promise.resolve(new Float32Array(2 ** 60));
  const error = await assertRejects(() => advising(() => "use less", long)) as MemoryError;
  assertEquals([error.name, error.less], ["MemoryError", "use less"]);
  const other = new RangeError("SOLVER.LR is out of range");
  assertEquals(
    await assertRejects(() => advising(() => "use less", () => Promise.reject(other))),
    other,
  );
  const batch = { name: "SOLVER.BATCH_SIZE", value: 128, usual: 64 };
  assertEquals(
    smaller([batch, { name: "CRD.NCE.K", value: 16384, usual: 16384 }]),
    "use a smaller SOLVER.BATCH_SIZE",
  );
  assertEquals(
    smaller([batch, { name: "CRD.NCE.K", value: 2 ** 20, usual: 16384 }]),
    "use a smaller CRD.NCE.K, which is 1048576 (usual: 16384)",
  );
});

Deno.test("runsOnOpenGl() tells an adapter whose driver says nothing of subgroups and float16", () => {
  const gpu = (min: number, max: number, half: boolean) =>
    ({ half, info: { subgroupMinSize: min, subgroupMaxSize: max } }) as unknown as Gpu;
  assertEquals(runsOnOpenGl(gpu(4, 128, false)), Deno.build.os === "linux");
  assertEquals(runsOnOpenGl(gpu(4, 128, true)), false);
  assertEquals(runsOnOpenGl(gpu(8, 8, false)), false);
});
