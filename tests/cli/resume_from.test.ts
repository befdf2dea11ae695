import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { loadCheckpoint } from "../../src/run/checkpoints/checkpoint.ts";
import { folderEvents, shown } from "../logging/event_files.ts";
import { cli, TINY, trainWords, VANILLA } from "./helpers.ts";
import { inTempDir } from "../temp_dir.ts";

/** Every tensor of a checkpoint, in bits. */
function bits(path: string): Record<string, string> {
  return Object.fromEntries([...loadCheckpoint(path).tensors].map(([name, { data }]) => {
    return [name, new Uint8Array(data.buffer, data.byteOffset, data.byteLength).toBase64()];
  }));
}

/** What the logs of a run say beside times. */
function logged(run: string) {
  const lines = Deno.readTextFileSync(join(run, "metrics.jsonl")).trimEnd().split("\n");
  return {
    metrics: lines.map((line) => {
      const { kind, epoch, globalStep, loss, train, test, bestEpoch } = JSON.parse(line);
      return [kind, epoch, globalStep, loss, train?.loss, test?.loss, bestEpoch];
    }),
    worklog: Deno.readTextFileSync(join(run, "worklog.txt")),
    events: shown(folderEvents(join(run, "train.events")), "test_loss"),
    names: [...Deno.readDirSync(run)].map(({ name }) => name).sort(),
  };
}

for (const format of ["torch", "safetensors"]) {
  Deno.test(`train --resume FROM goes on to the same bits where latest is damaged (${format})`, async () => {
    await inTempDir(async (folder) => {
      const words = [
        ...trainWords(folder),
        ...["SOLVER.EPOCHS", "3", "LOG.SAVE_CHECKPOINT_FREQ", "1", "LOG.TENSORBOARD_FREQ", "1"],
        ...["LOG.CHECKPOINT_FORMAT", format, "SOLVER.EMA_DECAY", "0.5"],
      ];
      assertEquals((await cli(...words)).status, 0);
      const run = join(folder, "fashion_mnist", "a");
      const end = format === "torch" ? "" : ".safetensors";
      const latest = join(run, `latest${end}`);
      const [whole, logs] = [bits(latest), logged(run)];
      Deno.truncateSync(latest, 1000);
      const damaged = await cli(...words, "--resume", "SOLVER.LR", "0.01");
      assertEquals(damaged.status, 1);
      assertMatch(damaged.stderr, /latest\S* cannot be read as a checkpoint: .+; whole are .+/);
      for (const [name, epoch] of [["epoch_1", 1], ["epoch_2", 2], ["epoch_3", 3]] as const) {
        assertStringIncludes(damaged.stderr, `${name}${end} (after epoch ${epoch})`);
      }
      assertStringIncludes(damaged.stderr, ": go on from one with --resume ");
      const on = await cli(...words, "--resume", "epoch_1");
      assertEquals(on.status, 0, on.stderr);
      assertStringIncludes(on.stdout, `the run that this one replaces is in ${run}/replaced`);
      assertStringIncludes(on.stdout, "from epoch 2");
      assertEquals(bits(latest), whole);
      assertEquals(logged(run), logs);
      // Nothing is left to train, and no file is lost for that.
      assertEquals((await cli(...words, "--resume", "epoch_3")).status, 0);
      assertEquals(bits(latest), whole);
      assertEquals(logged(run).names, logs.names);
      const device = await cli(...words, "--resume", "/dev/zero");
      assertStringIncludes(
        device.stderr,
        `${run} holds no checkpoint /dev/zero, and that is not a file; whole are `,
      );
    });
  });
}

Deno.test("train --resume FROM takes a file of the same run, and begins a new one with it", async () => {
  await inTempDir(async (folder) => {
    const words = ["train", "--cfg", VANILLA, "LOG.PREFIX", folder, ...TINY];
    const named = (name: string) => [...words, "EXPERIMENT.NAME", name];
    assertEquals((await cli(...named("a"))).status, 0);
    const run = (name: string) => join(folder, "fashion_mnist", name);
    const copy = join(folder, "copy");
    Deno.copyFileSync(join(run("a"), "latest"), copy);
    Deno.writeTextFileSync(join(run("a"), "latest"), "");
    const same = await cli(...named("a"), "SOLVER.EPOCHS", "2", "--resume", copy);
    assertEquals(same.status, 0, same.stderr);
    const fork = await cli(...named("b"), "SOLVER.EPOCHS", "2", "--resume", copy);
    assertEquals(fork.status, 0, fork.stderr);
    assertEquals(bits(join(run("b"), "latest")), bits(join(run("a"), "latest")));
    const other = await cli(...named("b"), "--resume", join(run("a"), "best"));
    assertEquals(other.status, 1);
    assertStringIncludes(other.stderr, "best is of another run than the one in");
  });
});

Deno.test("train --resume FROM says what there is instead", async () => {
  await inTempDir(async (folder) => {
    const words = trainWords(folder);
    assertEquals((await cli(...words)).status, 0);
    const cases = [
      ["student_best", "student_best holds the student alone; a run goes on from best"],
      ["student_ema_best", "student_ema_best holds the student alone; a run goes on from best"],
      ["student_ema_2", "student_ema_2 holds the student alone; a run goes on from epoch_2"],
      ["epoch_9", "holds no checkpoint epoch_9, and there is no such file; whole are "],
      ["no/such", "holds no checkpoint no/such, and there is no such file; whole are "],
    ];
    for (const [from, text] of cases) {
      const { status, stderr } = await cli(...words, "--resume", from);
      assertEquals(status, 1);
      assertStringIncludes(stderr, text);
      assert(!/^\s+at /m.test(stderr), stderr);
    }
  });
});
