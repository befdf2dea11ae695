import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { ignoresHangup } from "../../src/cli/terminal/hangup.ts";
import { writeImageFolder } from "../data/image_fixture.ts";
import { inTempDir } from "../temp_dir.ts";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));
const VANILLA = "configs/fashion_mnist/vanilla/resnet8.yaml";
const MOD = `${Deno.execPath()} run -A --no-check mod.ts`;

/** Runs a line in a shell; `$RUN` is a training run of a moment, `$MOD` the command line, `$W` a folder. */
async function shell(folder: string, script: string) {
  const images = join(folder, "images");
  writeImageFolder(images);
  const run = `--cfg ${VANILLA} DATASET.TYPE image_folder DATASET.ROOT ${images} ` +
    `DATASET.TRANSFORM cifar DATASET.IMAGE_SIZE 16 DATASET.NUM_WORKERS 1 SOLVER.BATCH_SIZE 3 SOLVER.DROP_LAST False DATASET.SUBSET 0 DATASET.VALIDATION 0 LOG.PREFIX ${folder} ` +
    "EXPERIMENT.PROJECT p EXPERIMENT.NAME n SOLVER.EPOCHS";
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", script],
    cwd: ROOT,
    env: { RUN: run, MOD, W: folder, NO_COLOR: "1", DENO: Deno.execPath() },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

const EPOCHS = "grep -c epoch: $W/p/n/worklog.txt";
const SAVED = "for i in $(seq 300); do [ -f $W/p/n/student_latest ] && break; sleep 0.1; done";

Deno.test("train goes on where nobody reads it any more, and on a full disk", async () => {
  await inTempDir(async (folder) => {
    const { stdout } = await shell(
      folder,
      `$MOD train $RUN 3 2>/dev/null | grep -m1 "files in" >/dev/null; ${EPOCHS};` +
        `$MOD train $RUN 2 --overwrite >/dev/full 2>$W/err; echo $?; ${EPOCHS}; cat $W/err;` +
        `$MOD train $RUN 2 --overwrite >/dev/full 2>/dev/full; echo $?`,
    );
    assertMatch(stdout, /^3\n0\n2\n/);
    assertStringIncludes(stdout, "standard output cannot be written any more: the disk is full");
    assertMatch(stdout, /\n0\n$/);
  });
});

Deno.test("a command whose output nobody reads ends quietly, and fails where it cannot be written", async () => {
  await inTempDir(async (folder) => {
    const { stdout, stderr } = await shell(
      folder,
      `$MOD config | head -n 1; $MOD models >/dev/full; echo $?`,
    );
    assertEquals(stdout, "EXPERIMENT\n1\n");
    assertEquals(stderr, "standard output cannot be written any more: the disk is full\n");
  });
});

Deno.test("SIGHUP saves a run, and leaves one alone that was started with nohup", async () => {
  await inTempDir(async (folder) => {
    const { stdout } = await shell(
      folder,
      `$MOD train $RUN 100000 >$W/log 2>&1 & P=$!; ${SAVED}; kill -HUP $P; wait $P; echo $?; cat $W/log;` +
        `nohup $DENO task train $RUN 12 --overwrite >$W/log 2>&1 & P=$!;` +
        `for i in $(seq 300); do [ -d $W/p/n/replaced ] && break; sleep 0.1; done; sleep 0.5; kill -HUP $P; ` +
        `pkill -HUP -f "mod.ts train .*LOG.PREFIX $W"; wait $P; ` +
        // The task may end at the signal, its command does not.
        `for i in $(seq 300); do grep -q "done in" $W/log && break; sleep 0.1; done; ${EPOCHS}`,
    );
    assertMatch(stdout, /^129\n/);
    assertMatch(stdout, /stopped and saved at epoch \d+, step \d+; go on with:/);
    assertMatch(stdout, /\n12\n$/);
  });
});

Deno.test("ignoresHangup() reads the mask of ignored signals", () => {
  assertEquals(ignoresHangup("Name: deno SigIgn: 0000000000001001 SigCgt: 0"), true);
  assertEquals(ignoresHangup("SigIgn:\t0000000000001000"), false);
  assertEquals(ignoresHangup(""), false);
});

Deno.test("control characters of words, names and files are shown, not obeyed", async () => {
  await inTempDir(async (folder) => {
    const bad = "\x1b[31mx\u009b\u202e";
    Deno.mkdirSync(join(folder, "train", `a${bad}\nb`), { recursive: true });
    Deno.mkdirSync(join(folder, "val"));
    Deno.writeTextFileSync(join(folder, "bad.yaml"), `"K${"\\x1b[31m"}": {${"\\u202e"}: 1}\n`);
    const outputs = await Promise.all([
      ["eval", `--${bad}`],
      ["eval", `${folder}/${bad}`],
      ["config", "SOLVER.LR", bad],
      ["config", "EXPERIMENT.NAME", bad],
      ["config", "--cfg", join(folder, "bad.yaml")],
      ["inspect", `${folder}/a\nb${bad}`],
      ["data", "bench", "DATASET.TYPE", "image_folder", "DATASET.ROOT", folder],
    ].map(async (words) => {
      const args = ["run", "-A", "--no-check", join(ROOT, "mod.ts"), ...words];
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args,
        env: { NO_COLOR: "1" },
      }).output();
      return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    }));
    for (const text of outputs) {
      // deno-lint-ignore no-control-regex -- control characters are what it looks for
      assertEquals(text.match(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/), null, text);
      assertMatch(text, /\\(x|u00)1b\[31m/);
    }
  });
});
