import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { TuningFile } from "../../src/cli/device/tuning_file.ts";
import { loadCheckpoint } from "../../src/run/checkpoints/checkpoint.ts";
import { device } from "../helpers.ts";
import { inTempDir } from "../temp_dir.ts";
import { openRun } from "../train/helpers.ts";
import { TINY } from "./helpers.ts";

const gpu = await device();
const CHOICES = new Map([["matmul 1: 8 10 64", "registers in 4"]]);

Deno.test("TuningFile keeps choices by adapter, driver and version, and makes what is damaged anew", async () => {
  await inTempDir((folder) => {
    const warnings: string[] = [];
    const open = (driver: string, of: Pick<typeof gpu, "info"> = gpu) =>
      new TuningFile(of, driver, (message) => warnings.push(message), folder);
    const file = open("1.0");
    assertEquals(file.load(), new Map());
    file.add(CHOICES);
    assertEquals(open("1.0").load(), CHOICES);
    // Another process has added some meanwhile.
    open("1.0").add(new Map([["a", "b"]]));
    file.add(new Map([["c", "d"]]));
    const all = new Map([...CHOICES, ["a", "b"], ["c", "d"]]);
    assertEquals(open("1.0").load(), all);
    const info = { ...gpu.info, description: "Card X (TM) / 2" } as GPUAdapterInfo;
    assertMatch(open("1.0", { info }).path, /card-x-tm-2-[0-9a-f]{8}\.json$/);
    for (const other of [open("1.1"), open("1.0", { info })]) {
      assertEquals(other.load(), new Map());
      Deno.copyFileSync(file.path, other.path);
      assertEquals(other.load(), new Map(), "a file that was made for something else");
    }
    const text = Deno.readTextFileSync(file.path);
    for (const damaged of [text.slice(0, 100), "", "[]", text.replace('"registers in 4"', "4")]) {
      Deno.writeTextFileSync(file.path, damaged);
      assertEquals(file.load(), new Map());
      file.add(CHOICES);
      assertEquals(file.load(), CHOICES);
    }
    Deno.removeSync(file.path);
    Deno.mkdirSync(file.path);
    for (let i = 0; i < 2; i++) file.add(CHOICES);
    assertEquals(file.load(), new Map());
    assertEquals(warnings.length, 1);
    assertMatch(warnings[0], /^cannot write \S+: .*kernels are timed again next time$/);
  });
});

Deno.test("a run goes on with the variants that it was begun with, whatever is kept by then", async () => {
  const ALONE = ["DISTILLER.TYPE", "NONE"];
  const saved = (run: string) => {
    const { tuning } = loadCheckpoint(join(run, "latest")).metadata;
    return tuning === undefined ? undefined : JSON.parse(tuning);
  };
  const train = async (folder: string, epochs: number, resume = false) => {
    const { run } = await openRun(gpu, folder, [...ALONE, "SOLVER.EPOCHS", String(epochs)], {
      resume,
      images: 8,
    });
    assertEquals(await run.train(), true);
    run.dispose();
    return saved(folder);
  };
  await inTempDir(async (folder) => {
    const file = new TuningFile(gpu, "1.0", undefined, folder);
    const before = join(folder, "before");
    try {
      assertEquals(await train(before, 1), undefined);
      gpu.tuning.turnOn(file);
      const run = join(folder, "run");
      const first = await train(run, 1);
      assertEquals(first.adapter, gpu.tuning.adapter);
      const chosen = Object.entries<string>(first.choices);
      assertEquals(new Map(chosen), file.load());
      assertEquals(chosen.every(([key]) => /^matmul \w{8}: \d/.test(key)), true);
      const others = chosen.map(([key, name]) => {
        return [key, name === "registers in 4" ? "registers in 2" : "registers in 4"] as const;
      });
      gpu.tuning.keep(new Map(others));
      assertEquals(await train(run, 2, true), first);
      const anew = await train(join(folder, "anew"), 1);
      assertEquals(new Map(Object.entries(anew.choices)), new Map(others));
      // Looking which shapes there are leaves no trace.
      gpu.tuning.keep(new Map(chosen.map(([key]) => [key, "registers in 1"])));
      const same = join(folder, "same");
      await train(same, 1);
      const [tuned, plain] = [same, before].map((run) => loadCheckpoint(join(run, "latest")));
      assertEquals([...tuned.tensors.keys()], [...plain.tensors.keys()]);
      for (const [name, { data }] of plain.tensors) {
        assertEquals(tuned.tensors.get(name)!.data, data, name);
      }
      // What was begun without goes on without, so that its bits stay.
      assertEquals(await train(before, 2, true), undefined);
    } finally {
      gpu.tuning.turnOff();
    }
  });
});

Deno.test("train --tune times kernels and keeps what it finds", async () => {
  await inTempDir(async (folder) => {
    const root = fromFileUrl(new URL("../../", import.meta.url));
    const cfg = join(root, "configs/fashion_mnist/vanilla/resnet8.yaml");
    const words = [join(root, "mod.ts"), "train", "--cfg", cfg, "--tune", ...TINY];
    const { stderr, code } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "-A", ...words],
      cwd: folder,
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const { path } = new TuningFile(gpu);
    assertMatch(path, /^\.cache.tuning.[\w-]+\.json$/);
    const { choices } = JSON.parse(Deno.readTextFileSync(join(folder, path)));
    assertEquals(Object.keys(choices).length, 2);
  });
});
