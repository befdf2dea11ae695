import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { UserError } from "../../src/errors.ts";
import { WriteError } from "../../src/formats/atomic_write.ts";
import { isThere } from "../../src/formats/paths.ts";
import { RunLock } from "../../src/run/run_lock.ts";
import { cli, hurtCli, spawnCli, TINY, trainWords } from "../cli/helpers.ts";
import { inTempDir } from "../temp_dir.ts";

function lock(folder: string): RunLock {
  return new RunLock(folder, (message) => {
    throw new Error(message);
  });
}

Deno.test("RunLock lets one have a folder at a time, and says who", async () => {
  await inTempDir((folder) => {
    const first = lock(folder);
    const error = assertThrows(() => lock(folder), UserError);
    assertMatch(error.message, new RegExp(`written to by process ${Deno.pid} on .+ since 20`));
    first.check();
    first.release();
    assertEquals([...Deno.readDirSync(folder)], []);
    lock(folder).release();
  });
});

Deno.test("RunLock takes over what a dead process left, whatever its id is now", async () => {
  await inTempDir((folder) => {
    const text = `process ${Deno.pid} on elsewhere since 2020-01-01T00:00:00.000Z\n`;
    Deno.writeTextFileSync(join(folder, ".lock"), text);
    const taken = lock(folder);
    const now = Deno.readTextFileSync(join(folder, ".lock"));
    assert(now !== text && now.endsWith("Z\n"), now);
    taken.release();
  });
});

Deno.test("RunLock.check() finds a folder that was removed, or made anew by another", async () => {
  await inTempDir((above) => {
    const folder = join(above, "run");
    Deno.mkdirSync(folder);
    const first = lock(folder);
    Deno.removeSync(folder, { recursive: true });
    assertThrows(() => first.check(), WriteError, "run was removed or moved while the run");
    Deno.mkdirSync(folder);
    const second = lock(folder);
    assertThrows(() => first.check(), WriteError, "run was removed or moved while the run");
    first.release();
    second.check();
    Deno.removeSync(join(folder, ".lock"));
    second.check();
    assertThrows(() => lock(folder), UserError, "is being written to by");
    Deno.removeSync(join(folder, ".lock"));
    const third = lock(folder);
    assertThrows(() => second.check(), UserError, "is being written to by");
    second.release();
    third.check();
    third.release();
    assertEquals([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("RunLock goes on where the file system has no locks, and says so", async () => {
  await inTempDir((folder) => {
    const { tryLockSync } = Deno.FsFile.prototype;
    Deno.FsFile.prototype.tryLockSync = () => {
      throw new Error("No locks available (os error 37)");
    };
    const told: string[] = [];
    try {
      const held = new RunLock(folder, (message) => told.push(message));
      held.check();
      held.release();
    } finally {
      Deno.FsFile.prototype.tryLockSync = tryLockSync;
    }
    assertEquals(told.length, 1);
    assertStringIncludes(told[0], `the file system of ${folder} has no locks`);
  });
});

/** Every file below a folder with its bytes' sum and when it was changed. */
function snapshot(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    if (isDirectory) return snapshot(path);
    return [`${path} ${Deno.readFileSync(path).reduce((sum, byte) => (31 * sum + byte) | 0, 0)}`];
  }).sort();
}

Deno.test("a second train of a folder changes nothing there, and quickstart and results neither", async () => {
  await inTempDir(async (folder) => {
    const settings = ["LOG.PREFIX", folder, ...TINY];
    const train = trainWords(folder);
    assertEquals((await cli(...train)).status, 0);
    const held = [
      [join(folder, "fashion_mnist", "a"), train],
      [join(folder, "fashion_mnist", "a"), [...train, "--resume", "SOLVER.LR", "0.01"]],
      [join(folder, "fashion_mnist", "a"), [...train, "--overwrite"]],
      [join(folder, "quickstart", "alone"), ["quickstart", "--alone", ...settings]],
      [
        join(folder, "results", "r", "alone_seed0"),
        ["results", "--methods", "alone", "--seeds", "1", "--out", join(folder, "r"), ...settings],
      ],
    ] as const;
    for (const [run, words] of held) {
      Deno.mkdirSync(run, { recursive: true });
      const first = lock(run);
      const before = snapshot(folder);
      const { status, stderr } = await cli(...words);
      assertEquals(status, 1);
      assertMatch(stderr, /error: .+ is being written to by process \d+ on .+ since \S+; wait/);
      assertEquals(snapshot(folder), before);
      first.release();
    }
  });
});

Deno.test("two processes do not write to one folder, and a killed one leaves it to the next", async () => {
  await inTempDir(async (folder) => {
    const words = [...trainWords(folder), "SOLVER.EPOCHS", "100"];
    const child = spawnCli(words);
    const latest = join(folder, "fashion_mnist", "a", "latest");
    for (let i = 0; i < 600 && !isThere(latest); i++) await new Promise((r) => setTimeout(r, 50));
    const second = await cli(...words, "--resume");
    assertEquals(second.status, 1);
    assertStringIncludes(second.stderr, `is being written to by process ${child.pid} on `);
    child.kill("SIGKILL");
    await child.output();
    const last = await cli(...words, "--resume", "SOLVER.EPOCHS", "1");
    assertEquals(last.status, 0, last.stderr);
  });
});

Deno.test("train fails where its folder was removed, and does not make it again", async () => {
  await inTempDir(async (folder) => {
    const words = trainWords(folder);
    const run = join(folder, "fashion_mnist", "a");
    const { code, stderr } = await hurtCli("remove", run, "latest", 1, [
      ...words,
      ...["SOLVER.EPOCHS", "3"],
    ]);
    assertEquals(code, 1);
    assertMatch(stderr, /^error: the run's folder .+ was removed or moved while the run was/m);
    assert(!isThere(run), "the folder is there again");
  });
});

Deno.test("a run starts without what killed processes have left of files, and leaves other files", async () => {
  await inTempDir(async (folder) => {
    const run = join(folder, "fashion_mnist", "a");
    Deno.mkdirSync(run, { recursive: true });
    const ours = ["latest.1-7.tmp", "best.safetensors.0123abcd.tmp", "config.yaml.99-1.tmp"];
    const others = ["mine.1-7.tmp", "latest.tmp", "notes.md", "latest.0123abcd.tmp.bak"];
    for (const name of [...ours, ...others]) Deno.writeTextFileSync(join(run, name), "x");
    const words = trainWords(folder);
    assertEquals((await cli(...words)).status, 0);
    const names = [...Deno.readDirSync(run)].map(({ name }) => name);
    assertEquals(ours.filter((name) => names.includes(name)), []);
    assertEquals(others.filter((name) => !names.includes(name)), []);
  });
});
