import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { ReplacedRun, runLeftovers } from "../../src/cli/run_folder.ts";
import { cli, TINY } from "./helpers.ts";
import { inTempDir } from "../temp_dir.ts";

const VANILLA = "configs/fashion_mnist/vanilla/resnet8.yaml";

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

Deno.test("ReplacedRun puts a run aside until the new one has a checkpoint", async () => {
  await inTempDir((folder) => {
    const old = { "best": "1", "epoch_40": "2", "latest.safetensors": "3", "worklog.txt": "4" };
    write(folder, { ...old, "notes.md": "mine" });
    const failed = new ReplacedRun(folder);
    assertEquals(content(folder), { "notes.md": "mine", "replaced": "folder" });
    write(folder, { "config.yaml": "new", "worklog.txt": "" });
    failed.putBack();
    assertEquals(content(folder), { ...old, "notes.md": "mine" });

    new ReplacedRun(folder);
    write(folder, { "config.yaml": "new", "worklog.txt": "" });
    const afterCrash = new ReplacedRun(folder);
    afterCrash.putBack();
    assertEquals(content(folder), { ...old, "notes.md": "mine" });

    const done = new ReplacedRun(folder);
    write(folder, { "latest": "new" });
    done.discard();
    done.putBack();
    assertEquals(content(folder), { "latest": "new", "notes.md": "mine" });
  });
});

Deno.test("runLeftovers() names what a new run would replace", async () => {
  await inTempDir((folder) => {
    write(folder, { "config.yaml": "x", "metrics.jsonl": "", "worklog.txt": "x", "bestest": "x" });
    assertEquals(runLeftovers(folder), ["worklog.txt"]);
    write(folder, { "student_12.safetensors": "x", "student_best": "x" });
    assertEquals(runLeftovers(folder), ["student_12.safetensors", "student_best", "worklog.txt"]);
    assertEquals(runLeftovers(join(folder, "nowhere")), []);
  });
});

Deno.test("train keeps a run that it cannot replace, and one without latest", async () => {
  await inTempDir(async (folder) => {
    const run = ["train", "--cfg", VANILLA, "LOG.PREFIX", folder, ...TINY, "EXPERIMENT.NAME", "a"];
    assertEquals((await cli(...run)).status, 0);
    const files = join(folder, "fashion_mnist", "a");
    const before = content(files);
    const broken = await cli(...run, "--overwrite", "SOLVER.LR", "1e30");
    assertEquals(broken.status, 1);
    assertStringIncludes(broken.stderr, "is not a finite number");
    assertEquals(content(files), before);
    Deno.removeSync(join(files, "latest"));
    const again = await cli(...run);
    assertEquals(again.status, 1);
    assertStringIncludes(again.stderr, "there is no latest to go on from (best, metrics.jsonl,");
    const over = await cli(...run, "--overwrite");
    assertEquals(over.status, 0, over.stderr);
    assertEquals(Object.keys(content(files)), Object.keys(before));
  });
});
