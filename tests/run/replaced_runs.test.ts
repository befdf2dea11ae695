import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { loadConfig } from "../../src/config/resolve_config.ts";
import { foldersInTheWay, runLeftovers } from "../../src/run/run_file_names.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { ReplacedRuns } from "../../src/run/replaced_runs.ts";
import { cli, hurtCli, spawnCli, TINY, trainWords } from "../cli/helpers.ts";
import { inTempDir } from "../temp_dir.ts";

const KD = "configs/fashion_mnist/kd/resnet20_resnet8.yaml";

/** The files of a folder with their content; folders as names. */
function content(folder: string): Record<string, string> {
  const entries = [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  return Object.fromEntries(entries.map(({ name, isDirectory }) => {
    return [name, isDirectory ? "folder" : Deno.readTextFileSync(join(folder, name))];
  }));
}

function write(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    Deno.writeTextFileSync(join(folder, name), text);
  }
}

const OLD = { "best": "1", "config.yaml": "a", "epoch_40": "2", "latest.safetensors": "3" };

Deno.test("ReplacedRuns puts a run aside and back, and leaves what is no run's", async () => {
  await inTempDir((folder) => {
    const mine = { "notes.md": "mine", "student_best.txt": "mine" };
    write(folder, { ...OLD, ...mine });
    Deno.mkdirSync(join(folder, "train.events"));
    const events = { "events.out.tfevents.1.wkd.2": "e", "events.out.tfevents.1.host.2": "mine" };
    write(join(folder, "train.events"), events);
    const replaced = new ReplacedRuns(folder);
    const place = replaced.putAside(0, {});
    replaced.settle();
    assertEquals([place, replaced.place], [join(folder, "replaced"), place]);
    const left = { "config.yaml": "a", ...mine, "replaced": "folder", "train.events": "folder" };
    assertEquals(content(folder), left);
    assertEquals(Object.keys(content(join(folder, "train.events"))), [
      "events.out.tfevents.1.host.2",
    ]);
    write(folder, { "config.yaml": "new", "worklog.txt": "" });
    assertEquals(replaced.undoEarly(), place);
    assertEquals(content(folder), { ...OLD, ...mine, "train.events": "folder" });
    assertEquals(content(join(folder, "train.events")), events);

    replaced.putAside(0, {});
    replaced.settle();
    write(folder, { "best": "new" });
    write(place, { "mine.txt": "mine" });
    assertEquals([replaced.undoEarly(), replaced.isReplacedBy(0)], [null, false]);
    assert(replaced.isReplacedBy(1));
    replaced.discard();
    assertEquals(content(place), { "mine.txt": "mine" });
    assertEquals(content(folder)["best"], "new");
    assertEquals(replaced.place, null);
  });
});

Deno.test("ReplacedRuns leaves a folder `replaced` of another's alone", async () => {
  await inTempDir((folder) => {
    write(folder, OLD);
    Deno.mkdirSync(join(folder, "replaced"));
    write(join(folder, "replaced"), { "best": "mine", "mine.txt": "mine" });
    const replaced = new ReplacedRuns(folder);
    assertEquals(replaced.place, null);
    assertEquals(replaced.putAside(0, {}), join(folder, "replaced-2"));
    replaced.settle();
    replaced.discard();
    assertEquals(content(folder), { "config.yaml": "a", "replaced": "folder" });
    assertEquals(content(join(folder, "replaced")), { "best": "mine", "mine.txt": "mine" });
  });
});

Deno.test("ReplacedRuns brings a run back whose moving was cut short", async () => {
  await inTempDir((folder) => {
    write(folder, OLD);
    const { renameSync } = Deno;
    Deno.renameSync = (from, to) => {
      if (String(from).endsWith("epoch_40")) throw new Error("killed");
      renameSync(from, to);
    };
    try {
      new ReplacedRuns(folder).putAside(0, {});
    } catch {
      // As a kill.
    } finally {
      Deno.renameSync = renameSync;
    }
    assertEquals(content(folder)["best"], undefined);
    assertEquals(new ReplacedRuns(folder).recover(), join(folder, "replaced"));
    assertEquals(content(folder), OLD);
    assertEquals(new ReplacedRuns(folder).recover(), null);
  });
});

Deno.test("ReplacedRuns keeps each of several runs until the last has replaced them", async () => {
  await inTempDir((folder) => {
    const replaced = new ReplacedRuns(folder);
    for (const text of ["first", "second"]) {
      write(folder, { "latest": text });
      replaced.putAside(0, {});
      replaced.settle();
    }
    write(folder, { "worklog.txt": "third" });
    assertEquals(replaced.undoEarly(), join(folder, "replaced-2"));
    assertEquals(content(folder), { "latest": "second", "replaced": "folder" });
    assertEquals(replaced.place, join(folder, "replaced"));
    replaced.discard();
    assertEquals(content(folder), { "latest": "second" });
  });
});

Deno.test("RunFolder tells where the files are that a run reads from the one it replaces", async () => {
  await inTempDir((above) => {
    const folder = join(above, "run");
    Deno.mkdirSync(folder);
    write(folder, OLD);
    const best = join(folder, "best");
    const config = loadConfig(null, ["DISTILLER.TEACHER_CHECKPOINT", best]);
    const teacher = (of: typeof config) => of.DISTILLER.TEACHER_CHECKPOINT;
    const moved = join(folder, "replaced", "best");
    {
      using run = new RunFolder(folder, () => {});
      assertEquals(teacher(run.located(config, false)), best);
      assertEquals(teacher(run.putAside(config, 0).config), moved);
      run.replaced.settle();
      write(folder, { "best": "new" });
    }
    using run = new RunFolder(folder, () => {});
    assertEquals(teacher(run.located(config, true)), moved);
    assertEquals(teacher(run.located(config, false)), moved);
    run.replaced.discard();
    assertEquals(Object.keys(content(join(folder, "replaced"))), [".replaced.json", "best"]);
    assertEquals(teacher(run.located(config, true)), moved);
    assertEquals(teacher(run.located(config, false)), best);
    const { config: next } = run.putAside(run.located(config, false), 0);
    assertEquals(teacher(next), join(folder, "replaced-2", "best"));
  });
});

Deno.test("runLeftovers() names what a new run would replace", async () => {
  await inTempDir((folder) => {
    write(folder, { "config.yaml": "x", "metrics.jsonl": "", "worklog.txt": "x", "bestest": "x" });
    assertEquals(runLeftovers(folder), ["worklog.txt"]);
    write(folder, { "student_12.safetensors": "x", "student_best": "x" });
    assertEquals(runLeftovers(folder), ["student_12.safetensors", "student_best", "worklog.txt"]);
    for (const name of ["best", "epoch_3", "epoch_4"]) Deno.mkdirSync(join(folder, name));
    assertEquals(runLeftovers(folder), ["student_12.safetensors", "student_best", "worklog.txt"]);
    assertEquals(foldersInTheWay(folder, 2), ["best", "epoch_4"]);
    assertEquals(runLeftovers(join(folder, "nowhere")), []);
  });
});

Deno.test("train keeps a run that it cannot replace, and one without latest", async () => {
  await inTempDir(async (folder) => {
    const run = trainWords(folder);
    assertEquals((await cli(...run)).status, 0);
    const files = join(folder, "fashion_mnist", "a");
    const before = content(files);
    const broken = await cli(...run, "--overwrite", "SOLVER.LR", "1e30");
    assertEquals(broken.status, 1);
    assertStringIncludes(broken.stderr, "is not a finite number");
    assertStringIncludes(broken.stdout, `the run that was to be replaced is back in ${files}`);
    assertEquals(content(files), before);
    Deno.removeSync(join(files, "latest"));
    const again = await cli(...run);
    assertEquals(again.status, 1);
    assertStringIncludes(again.stderr, "there is no latest to go on from (best, metrics.jsonl,");
    assertStringIncludes(again.stderr, "whole are best (after epoch 1): go on from one with");
    const over = await cli(...run, "--overwrite");
    assertEquals(over.status, 0, over.stderr);
    assertEquals(Object.keys(content(files)), Object.keys(before));
  });
});

Deno.test("a first run that fails early leaves its files to look at, with --overwrite too", async () => {
  for (const option of [[], ["--overwrite"]]) {
    await inTempDir(async (folder) => {
      const failed = await cli(...trainWords(folder), "SOLVER.LR", "1e30", ...option);
      assertEquals(failed.status, 1);
      assertEquals(Object.keys(content(join(folder, "fashion_mnist", "a"))), [
        ...["config.yaml", "metrics.jsonl", "train.events", "worklog.txt"],
      ]);
      assertEquals((await cli(...trainWords(folder))).status, 0);
    });
  }
});

Deno.test("train refuses a folder with files of such names that no run wrote", async () => {
  await inTempDir(async (folder) => {
    const run = join(folder, "fashion_mnist", "a");
    Deno.mkdirSync(join(run, "best"), { recursive: true });
    for (const option of [[], ["--overwrite"]]) {
      const { status, stderr } = await cli(...trainWords(folder), ...option);
      assertEquals(status, 1);
      assertMatch(stderr, /a\/best is a folder, and the run writes a file of that name; move it/);
    }
    Deno.removeSync(join(run, "best"));
    write(run, { "config.yaml": "mine" });
    const { status, stderr } = await cli(...trainWords(folder), "--overwrite");
    assertEquals(status, 1);
    assertMatch(stderr, /a\/config.yaml is not of a run, and the run writes its configuration/);
    assertEquals(content(run), { "config.yaml": "mine" });
  });
});

/** The bytes of the files below a folder, by their paths, but for the mark of a replaced run. */
function bytes(folder: string, below = ""): Map<string, string> {
  return new Map(
    [...Deno.readDirSync(join(folder, below))].flatMap(({ name, isDirectory }) => {
      const path = join(below, name);
      if (isDirectory) return [...bytes(folder, path)];
      return name === ".replaced.json"
        ? []
        : [[path, Deno.readFileSync(join(folder, path)).toBase64()] as const];
    }).sort(),
  );
}

function restore(folder: string, files: Map<string, string>): void {
  Deno.removeSync(folder, { recursive: true });
  for (const [path, text] of files) {
    Deno.mkdirSync(dirname(join(folder, path)), { recursive: true });
    Deno.writeFileSync(join(folder, path), Uint8Array.fromBase64(text));
  }
}

Deno.test("a replaced run is whole wherever the new one is killed before it has saved an epoch", async () => {
  await inTempDir(async (folder) => {
    const run = [...trainWords(folder), "LOG.SAVE_CHECKPOINT_FREQ", "1"];
    assertEquals((await cli(...run)).status, 0);
    const files = join(folder, "fashion_mnist", "a");
    const place = join(files, "replaced");
    const before = bytes(files);
    const killAt = async (name: string) => {
      const { code } = await hurtCli("kill", "", name, 2, [...run, "--overwrite"]);
      assertEquals(code, 137, name);
    };
    // The files are written one after the other: the first, and the last before `latest`.
    for (const name of ["epoch_1", "student_latest"]) {
      restore(files, before);
      await killAt(name);
      assertEquals(bytes(place), before);
      for (const option of [["--resume"], []]) {
        const { status, stderr } = await cli(...run, ...option);
        assertEquals(status, 1);
        assertStringIncludes(
          stderr,
          `the run that this one replaces is in ${place}: --resume repl`,
        );
        assertStringIncludes(stderr, "epoch_1 (after epoch 1)");
      }
    }
    assertEquals((await cli(...run, "--resume", "replaced")).status, 0);
    assertEquals(bytes(files).get("best"), before.get("best"));
    restore(files, before);
    await killAt("latest");
    assertEquals(bytes(place), before);
    assertEquals((await cli(...run, "--resume")).status, 0);
    assert(!Object.hasOwn(content(files), "replaced"));
  });
});

Deno.test("a run that is killed before its first checkpoint gives the replaced one back", async () => {
  await inTempDir(async (folder) => {
    const run = trainWords(folder);
    assertEquals((await cli(...run)).status, 0);
    const files = join(folder, "fashion_mnist", "a");
    const before = bytes(files);
    const killed = await hurtCli("kill", "", "config.yaml", 1, [...run, "--overwrite"]);
    assertEquals(killed.code, 137);
    assertEquals(bytes(join(files, "replaced")), before);
    const on = await cli(...run, "--resume", "SOLVER.LR", "0.01");
    assertEquals(on.status, 1);
    assertStringIncludes(on.stderr, `is back in ${files} (it lay in ${join(files, "replaced")})`);
    assertEquals(bytes(files), before);
    assertEquals((await cli(...run, "--resume")).status, 0);
  });
});

/** Runs the command line in a process that gets Ctrl-C as soon as it computes. */
async function interrupted(words: string[]): Promise<string> {
  const child = spawnCli(words);
  let stdout = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (!stdout.includes("compiling") && (stdout + text).includes("compiling")) {
      child.kill("SIGINT");
    }
    stdout += text;
  }
  await child.stderr.cancel();
  assertEquals((await child.status).code, 130, stdout);
  return stdout;
}

Deno.test("a replaced run stays through Ctrl-C, and what the new one reads of it for ever", async () => {
  await inTempDir(async (folder) => {
    assertEquals((await cli(...trainWords(folder))).status, 0);
    const files = join(folder, "fashion_mnist", "a");
    const place = join(files, "replaced");
    const before = bytes(files);
    const kd = [
      ...["train", "--cfg", KD, "LOG.PREFIX", folder, ...TINY, "EXPERIMENT.NAME", "a"],
      ...["DISTILLER.TEACHER", "resnet8", "DISTILLER.TEACHER_CHECKPOINT", join(files, "best")],
      ...["DISTILLER.STUDENT_CHECKPOINT", join(files, "best")],
    ];
    const stopped = await interrupted([...kd, "--overwrite", "SOLVER.EPOCHS", "2"]);
    assertStringIncludes(stopped, `replaces is in ${place} until the next epoch is saved`);
    assertEquals(bytes(place), before);
    const on = await cli(...kd, "SOLVER.EPOCHS", "2", "--resume");
    assertEquals(on.status, 0, on.stderr);
    assertStringIncludes(on.stdout, `the run that this one replaces is in ${place} until`);
    assert(!on.stdout.includes("another configuration"), on.stdout);
    assertEquals([...bytes(place)], [["best", before.get("best")]]);
    const more = await cli(...kd, "SOLVER.EPOCHS", "3", "--resume");
    assertEquals(more.status, 0, more.stderr);
    for (const key of ["TEACHER_CHECKPOINT", "STUDENT_CHECKPOINT"]) {
      const [, path] = new RegExp(`^ +${key} +"(.*)"$`, "m").exec(more.stdout) ?? [];
      assertEquals(path, join(place, "best"), key);
    }
  });
});
