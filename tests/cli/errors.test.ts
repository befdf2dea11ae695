import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { shellWords } from "../../src/cli/terminal/shell_words.ts";
import { mesaVersion } from "../../src/cli/device/tuning_file.ts";
import { saveCheckpoint } from "../../src/run/checkpoints/checkpoint.ts";
import { readBack } from "../../src/tensor/read_back.ts";
import { writeCostMatrix } from "../../src/run/cost_matrix/cost_matrix_file.ts";
import { createModel } from "../../src/models/registry.ts";
import { assertFails, cli, spawnCli, TINY, VANILLA, writeTeacher } from "./helpers.ts";
import { inTempDir } from "../temp_dir.ts";

const TEACHER = "checkpoints/fashion_mnist/resnet20.safetensors";
const WKD = "configs/fashion_mnist/wkd_l_f/resnet20_resnet8.yaml";

Deno.test("main() explains itself and its commands", async () => {
  const help = await cli("--help");
  assertEquals(help.status, 0);
  for (
    const name of [
      "train",
      "eval",
      "cost-matrix",
      "quickstart",
      "results",
      "doctor",
      "config",
      "convert",
      "inspect",
    ]
  ) {
    assertStringIncludes(help.stdout, `  ${name} `);
    const own = await cli(name, "--help");
    assertEquals(own.status, 0);
    assertStringIncludes(own.stdout, "Usage: deno task " + name);
    assertStringIncludes(own.stdout, "Examples:\n  deno ");
  }
});

Deno.test("main() refuses commands and options that do not exist", async () => {
  await assertFails(["trian"], "unknown command 'trian' (Did you mean train?)");
  await assertFails(
    ["train", "--cfg", "x", "--resum"],
    "unknown option '--resum' (Did you mean --resume?)",
  );
  await assertFails(["train"], "train wants a configuration: --cfg FILE, such as");
  const seeds = await cli("results", "--seeds", "0");
  assertEquals(seeds.stderr, "error: --seeds must be an integer of at least 1; got 0\n");
  await assertFails(["eval", "-b", "x"], "--batch-size must be an integer of at least 1; got x");
  await assertFails(["results", "--methods", "kdd"], "there is no method");
  await assertFails(["results", "SOLVER.LR", "1"], "name another --out");
  await assertFails(
    ["doctor", "--device", "tpu"],
    "--device must be one of auto, hardware, software; got tpu",
  );
  await assertFails(["cost-matrix"], "wants --cfg, or --teacher and --ckpt");
  await assertFails(["train", "--cfg", VANILLA, "--resume", "--overwrite"], "give one");
});

Deno.test("main() names the key and the value of a configuration mistake", async () => {
  const train = ["train", "--cfg", VANILLA];
  await assertFails(["train", "--cfg", "none.yaml"], "none.yaml: there is no such file");
  await assertFails(
    [...train, "SOLVER.LRR", "1"],
    "unknown key SOLVER.LRR; did you mean SOLVER.LR",
  );
  await assertFails([...train, "SOLVER.LR", "fast"], "SOLVER.LR must be a number");
  await assertFails([...train, "SOLVER.LR"], "SOLVER.LR has no value");
  await assertFails([...train, "SOLVER.LR", "-1"], "greater than 0; got -1");
});

Deno.test("main() refuses models, data sets and runs that are not there", async () => {
  await inTempDir(async (folder) => {
    const train = ["train", "--cfg", VANILLA, "LOG.PREFIX", folder, ...TINY];
    await assertFails([...train, "DATASET.TYPE", "mnist"], "DATASET.TYPE can be fashion_mnist");
    await assertFails(
      [...train, "DISTILLER.STUDENT", "resnet9"],
      'no model "resnet9"; did you mean',
    );
    // Where nothing has begun, what is kept is no news.
    const early = await cli(...train, "DISTILLER.STUDENT_CHECKPOINT", "README.md");
    assertEquals(early.stderr.trim().split("\n").length, 1, early.stderr);
    await assertFails([...train, "--resume"], "nothing to resume: there is no");
    await assertFails(
      [...train, "SOLVER.BATCH_SIZE", "21", "SOLVER.DROP_LAST", "True"],
      "fashion_mnist/train has 20 images: that is less than one batch of 21, and SOLVER.DROP_LAST",
    );
    await assertFails([...train, "DATASET.SUBSET", "6000"], "DATASET.SUBSET");
    const ckpt = await writeTeacher(folder);
    await assertFails(
      ["eval", "-c", ckpt, "-m", "resnet20"],
      "teacher10.safetensors is not a resnet20 (10 classes, 1 channel); it fits resnet8 (10 classes, ",
      "1 channel): use --model resnet8 or another --ckpt",
    );
    await assertFails(["eval", "-c", ckpt, "-d", "cifar1"], "there is no data set");
  });
});

Deno.test("main() says what is wrong with a checkpoint", async () => {
  await inTempDir(async (folder) => {
    const ckpt = await writeTeacher(folder);
    await assertFails(
      ["eval", "-c", "none.safetensors"],
      "cannot read the checkpoint none.safetens",
    );
    const empty = join(folder, "empty");
    Deno.writeFileSync(empty, new Uint8Array());
    await assertFails(["eval", "-c", empty], "empty cannot be read as a checkpoint: the file");
    const half = join(folder, "half.safetensors");
    const bytes = Deno.readFileSync(ckpt);
    Deno.writeFileSync(half, bytes.subarray(0, bytes.length / 2));
    await assertFails(
      ["eval", "-c", half, "-m", "resnet8"],
      "half.safetensors cannot be read as a check",
    );
    const five = await writeTeacher(folder, 5);
    await assertFails(
      ["eval", "-c", five],
      "teacher5.safetensors is not a resnet8 (10 classes, 1 channel); it fits resnet8 (5 classes, ",
      "1 channel): use another --ckpt, or the --dataset that it was trained on",
    );
    const model = createModel("resnet8", { numClasses: 10, inChannels: 1 });
    const nameless = join(folder, "nameless.safetensors");
    const state = await readBack(model.stateDict());
    saveCheckpoint(nameless, new Map([...state].slice(1)), {});
    await assertFails(
      ["eval", "-c", nameless],
      "does not say which model",
      "--model (its tensors fit none that is known here; most like them is resnet8)",
    );
    const run = join(folder, "fashion_mnist", "vanilla_resnet8");
    Deno.mkdirSync(run, { recursive: true });
    Deno.copyFileSync(ckpt, join(run, "latest.safetensors"));
    const train = ["train", "--cfg", VANILLA, "LOG.PREFIX", folder, "--resume", ...TINY];
    await assertFails(train, "holds no training state; it cannot be resumed");
  });
});

Deno.test("main() says what is wrong with a teacher or a cost matrix", async () => {
  await inTempDir(async (folder) => {
    const ckpt = await writeTeacher(folder);
    const cost = join(folder, "cost.safetensors");
    writeCostMatrix(cost, new Float32Array(25), 5, {});
    const train = ["train", "--cfg", WKD, "LOG.PREFIX", folder, ...TINY];
    const teacher = ["DISTILLER.TEACHER", "resnet8", "DISTILLER.TEACHER_CHECKPOINT", ckpt];
    await assertFails(
      [...train, "DISTILLER.TEACHER_CHECKPOINT", "no.pt"],
      "cannot read the checkp",
    );
    await assertFails(
      [...train, "DISTILLER.TEACHER_CHECKPOINT", ckpt],
      "teacher10.safetensors is not a resnet20 (10 classes, 1 channel); it fits resnet8 (10 classes, ",
      "1 channel): use DISTILLER.TEACHER resnet8 or another DISTILLER.TEACHER_CHECKPOINT",
    );
    await assertFails(
      [...train, ...teacher, "WKD.COST_MATRIX_PATH", cost],
      "cost.safetensors is [5, 5]; [10, 10] is wanted",
    );
    await assertFails(
      [...train, ...teacher, "WKD.COST_MATRIX_PATH", join(folder, "missing.npy")],
      "missing.npy: the extension .npy says no format",
    );
    await assertFails(
      [...train, ...teacher, "WKD.COST_MATRIX", "fc", "WKD.HINT_LAYER", "4"],
      "WKD.HINT_LAYER 4: the student has 4 features",
    );
  });
});

Deno.test("main() refuses to start where nothing can be written", async () => {
  await inTempDir(async (folder) => {
    const file = join(folder, "file");
    Deno.writeTextFileSync(file, "");
    const blocked = join(file, "runs");
    await assertFails(
      ["train", "--cfg", VANILLA, "LOG.PREFIX", blocked, ...TINY],
      `cannot write to ${blocked}`,
      "a part of the path is a file",
    );
    const out = join(blocked, "cost.safetensors");
    await assertFails(
      ["cost-matrix", "--ckpt", await writeTeacher(folder), "--out", out],
      "cannot wr",
    );
  });
});

Deno.test("train stops when the loss is not finite, and keeps the checkpoints before", async () => {
  await inTempDir(async (folder) => {
    const train = ["train", "--cfg", VANILLA, "LOG.PREFIX", folder, ...TINY];
    assertEquals((await cli(...train)).status, 0);
    const latest = join(folder, "fashion_mnist", "vanilla_resnet8", "latest");
    const before = Deno.readFileSync(latest);
    const on = [...train, "--resume", "SOLVER.EPOCHS", "2", "SOLVER.LR", "1e30"];
    await assertFails(on, "the loss is not a finite number at epoch 2, step 2; the checkpoints");
    assertEquals(Deno.readFileSync(latest), before);
  });
});

Deno.test("train says that the disk is full, and leaves no half-written checkpoint", async () => {
  await inTempDir(async (folder) => {
    const write = Deno.FsFile.prototype.writeSync;
    Deno.FsFile.prototype.writeSync = function (bytes) {
      if (bytes.length < 100_000) return write.call(this, bytes);
      throw Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
    };
    try {
      await assertFails(
        ["train", "--cfg", VANILLA, "LOG.PREFIX", folder, ...TINY],
        "student_best: the disk is full",
      );
    } finally {
      Deno.FsFile.prototype.writeSync = write;
    }
    const files = [...Deno.readDirSync(join(folder, "fashion_mnist", "vanilla_resnet8"))];
    assertEquals(files.map(({ name }) => name).filter((name) => /latest|best/.test(name)), []);
  });
});

Deno.test("doctor names setup.sh where there is no adapter", async () => {
  const env = { VK_DRIVER_FILES: "/nonexistent", DENO_WEBGPU_BACKEND: "vulkan" };
  const { code, stdout, stderr } = await spawnCli(["doctor"], env).output();
  assertEquals(code, 1);
  const text = new TextDecoder().decode(stdout);
  assertStringIncludes(text, "no WebGPU adapter: run `sh setup.sh`");
  assertEquals(new TextDecoder().decode(stderr), "");
});

Deno.test("train saves at Ctrl-C and says how to go on", async () => {
  await inTempDir(async (folder) => {
    const args = ["train", "--cfg", VANILLA, "LOG.PREFIX", folder, ...TINY];
    const long = [...args, "SOLVER.EPOCHS", "100000"];
    const child = spawnCli(long);
    const stderr = new Response(child.stderr).text();
    let stdout = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      if (!stdout.includes("train loss") && (stdout + text).includes("train loss")) {
        child.kill("SIGINT");
      }
      stdout += text;
    }
    assertEquals((await child.status).code, 130, await stderr);
    const resume = shellWords(["deno", "task", "train", "--cfg", VANILLA, "--resume"]);
    assertStringIncludes(stdout, resume);
    assertStringIncludes(stdout, "stopped and saved at epoch");
    assertStringIncludes(await stderr, "stopping after this step");
  });
});

Deno.test("shellWords() quotes what a shell would change", () => {
  assertEquals(shellWords(["a.b", "x y", "it's", ""]), "a.b 'x y' 'it'\\''s' ''");
  assertEquals(shellWords(["\x1b['\\\n\u202e"]), "$'\\x1b[\\'\\\\\\x0a\\u202e'");
});

Deno.test("mesaVersion() reads dpkg's status", () => {
  const status = "Package: a\nVersion: 1.2\n\nPackage: mesa-vulkan-drivers\nStatus: ok\n" +
    "Version: 2:22.3.6-1+deb12u1\n\nPackage: z\nVersion: 9\n";
  assertEquals(mesaVersion(status), "22.3.6");
  assertEquals(mesaVersion("Package: a\nVersion: 1\n"), null);
});

Deno.test("main() --debug shows where an error that the user can mend came from", async () => {
  const words = ["inspect", "none.pth"];
  const plain = await cli(...words);
  const debug = await cli(...words, "--debug");
  assertEquals([plain.status, debug.status], [1, 1]);
  assert(debug.stderr.startsWith(plain.stderr), debug.stderr);
  assert(/^\s+at loadCheckpoint/m.test(debug.stderr), debug.stderr);
});

Deno.test("main() shows the stack of a mistake of the program, whatever its class", async () => {
  const { stringify } = JSON;
  for (const kind of [Error, RangeError]) {
    JSON.stringify = function brokenStringify() {
      throw new kind("Invalid array length");
    };
    const { status, stderr } = await cli("inspect", TEACHER, "--json").finally(() => {
      JSON.stringify = stringify;
    });
    assertEquals(status, 1);
    assertStringIncludes(stderr, "a mistake in the program itself, please report it");
    assertStringIncludes(stderr, `${kind.name}: Invalid array length`);
    assert(/^\s+at .*brokenStringify/m.test(stderr), stderr);
  }
});

Deno.test("what is no file is neither waited for nor written over", async () => {
  await inTempDir(async (folder) => {
    const pipe = join(folder, "pipe.pth");
    new Deno.Command("mkfifo", { args: [pipe] }).outputSync();
    const said = `${pipe}: it is a pipe, not a file`;
    await assertFails(["results", "--out", pipe], `cannot read ${said}`);
    const teacher = "checkpoints/fashion_mnist/resnet20.safetensors";
    await assertFails(["convert", teacher, pipe], `cannot write ${said}`);
    const matrix = ["cost-matrix", "--ckpt", teacher, "--out", pipe];
    await assertFails([...matrix, "--teacher", "resnet20"], `cannot write ${said}`);
    assertEquals(Deno.statSync(pipe).isFifo, true);
  });
});
