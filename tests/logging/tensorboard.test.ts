import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { WriteError } from "../../src/formats/atomic_write.ts";
import { EventFile, eventFiles } from "../../src/logging/event_file.ts";
import { heatMap, viridis } from "../../src/logging/heat_map.ts";
import { epochScalars } from "../../src/logging/log_scalars.ts";
import { TensorBoardLog } from "../../src/logging/tensorboard.ts";
import { inTempDir } from "../temp_dir.ts";
import { folderEvents, shown } from "./event_files.ts";
import { EPOCH_END, POINT, STEP } from "./helpers.ts";

Deno.test("TensorBoardLog writes figures of epochs and points, texts and matrices", async () => {
  await inTempDir(async (folder) => {
    const log = new TensorBoardLog(folder, null);
    assert(log.fresh);
    log.text("config", "```yaml\nA: 1\n```");
    await log.matrix("cost", Float32Array.of(0, 0.5, 0.25, 0), 2, "Costs");
    log.sink(STEP);
    log.sink(POINT);
    log.sink(EPOCH_END);
    const events = folderEvents(folder);
    assertEquals(events[0], { step: 0, what: "version", value: "brain.Event:2" });
    const tags = new Map(events.map(({ what, value, step }) => [what, [step, value]]));
    assertEquals(tags.get("config/text_summary"), [0, "```yaml\nA: 1\n```"]);
    assertEquals(tags.get("cost/text_summary"), [
      0,
      "Costs: [2, 2], dark is 0.2500, bright is 0.5000; the diagonal is not in the range.",
    ]);
    assertEquals((tags.get("cost")![1] as Uint8Array).slice(1, 4), Uint8Array.of(80, 78, 71));
    // mdistiller's tags and steps, in float32.
    const { train, test } = EPOCH_END;
    const figures = {
      ...{ train_acc: train.top1, train_loss: train.loss },
      ...{ test_acc: test.top1, test_acc_top5: test.top5, test_loss: test.loss },
      ...{ lr: EPOCH_END.lr, train_loss_kd: train.losses.loss_kd, images_per_second: 500 },
    };
    for (const [tag, value] of Object.entries(figures)) {
      assertEquals(tags.get(tag), [EPOCH_END.epoch, Math.fround(value!)], tag);
    }
    const steps = folderEvents(join(folder, "steps"));
    assertEquals(shown(steps, "step/train_loss"), [[390, 1.5]]);
    assertEquals(shown(steps, "step/train_loss_ce"), [[390, 1]]);
    assertEquals(shown(steps, "step/lr"), [[390, Math.fround(POINT.lr)]]);
    assertEquals(steps.filter(({ what }) => what === "step/train_acc_top5").length, 1);
  });
});

Deno.test("epochScalars() has the loss scale with mixed precision alone", () => {
  assert(!("loss_scale" in epochScalars(EPOCH_END)));
  const scaling = { scale: 1024, skippedSteps: 3, skippedInARow: 0 };
  const mixed = epochScalars({ ...EPOCH_END, train: { ...EPOCH_END.train, scaling } });
  assertEquals([mixed.loss_scale, mixed.skipped_steps], [1024, 3]);
});

Deno.test("TensorBoardLog goes on without showing an epoch or a step twice", async () => {
  await inTempDir((folder) => {
    const first = new TensorBoardLog(folder, null);
    first.text("config", "x");
    for (const epoch of [1, 2, 3]) first.sink({ ...EPOCH_END, epoch, lr: epoch });
    for (const globalStep of [5, 10, 15]) first.sink({ ...POINT, globalStep, loss: globalStep });
    const second = new TensorBoardLog(folder, { epoch: 3, globalStep: 12 });
    assert(!second.fresh);
    for (const epoch of [3, 4]) second.sink({ ...EPOCH_END, epoch, lr: 10 * epoch });
    for (const globalStep of [15, 20]) {
      second.sink({ ...POINT, globalStep, loss: 10 * globalStep });
    }
    assertEquals(eventFiles(folder).length, 2);
    assertEquals(shown(folderEvents(folder), "lr"), [[1, 1], [2, 2], [3, 30], [4, 40]]);
    assertEquals(shown(folderEvents(folder), "config/text_summary"), [[0, "x"]]);
    const steps = shown(folderEvents(join(folder, "steps")), "step/train_loss");
    assertEquals(steps, [[5, 5], [10, 10], [15, 150], [20, 200]]);
  });
});

Deno.test("TensorBoardLog of a new run removes the event files of the old one, nothing else", async () => {
  await inTempDir((folder) => {
    const old = new TensorBoardLog(folder, null);
    old.sink(EPOCH_END);
    old.sink(POINT);
    Deno.writeTextFileSync(join(folder, "notes.txt"), "mine");
    const another = "events.out.tfevents.1700000000.host.1.0";
    Deno.writeTextFileSync(join(folder, another), "mine");
    const fresh = new TensorBoardLog(folder, null);
    assert(fresh.fresh);
    assertEquals(eventFiles(join(folder, "steps")), []);
    assertEquals(Deno.readTextFileSync(join(folder, "notes.txt")), "mine");
    assertEquals(eventFiles(folder), [another]);
  });
});

Deno.test("EventFile names its files so that a later one sorts behind, whatever the clock says", async () => {
  await inTempDir((folder) => {
    for (const now of [5000, 5000, 1000]) {
      new EventFile(folder, 1, () => now).write(1, [{ tag: "a", scalar: now }]);
    }
    const names = eventFiles(folder);
    assertEquals(
      names.map((name) => name.slice(0, 30)),
      [5, 6, 7].map((second) => `events.out.tfevents.000000000${second}`),
    );
    assertMatch(names[0], /\.wkd\.\d+$/);
    assertEquals(shown(folderEvents(folder), "a"), [[1, 1000]]);
    Deno.writeTextFileSync(join(folder, "file"), "");
    const blocked = new EventFile(join(folder, "file"), null);
    assertThrows(() => blocked.write(1, []), WriteError, "file: a part of the path is a file");
  });
});

Deno.test("heatMap() colours from the least to the largest cost off the diagonal", () => {
  const { pixels, size, low, high } = heatMap(Float32Array.of(0, 0.5, 0.75, 0), 2);
  assertEquals([size, low, high], [512, 0.5, 0.75]);
  const pixel = (x: number, y: number) => [...pixels.subarray(3 * (512 * y + x)).slice(0, 3)];
  assertEquals(pixel(0, 0), [...viridis(0)]);
  assertEquals(pixel(511, 0), [...viridis(0)]);
  assertEquals(pixel(0, 511), [...viridis(1)]);
  assertEquals(pixel(255, 256), [...viridis(1)]);
  assertEquals(pixel(256, 511), [...viridis(0)]);
  const large = heatMap(new Float32Array(600 * 600), 600);
  assertEquals([large.size, large.pixels.length], [600, 3 * 600 * 600]);
});

Deno.test("viridis() goes from dark blue to yellow, brighter all the way", () => {
  assertEquals(viridis(0), [68, 1, 84]);
  assertEquals(viridis(0.5), [33, 144, 141]);
  assertEquals(viridis(7), [253, 231, 37]);
  const bright = Array.from({ length: 50 }, (_, i) => {
    const [red, green, blue] = viridis(i / 49);
    return 0.299 * red + 0.587 * green + 0.114 * blue;
  });
  assert(bright.every((value, i) => i === 0 || value > bright[i - 1]));
});

Deno.test("EventFile says which folder it cannot read", async () => {
  await inTempDir((folder) => {
    const file = join(folder, "train.events");
    Deno.writeTextFileSync(file, "");
    const error = assertThrows(() => new TensorBoardLog(file, null), WriteError);
    assertStringIncludes((error as Error).message, `cannot read ${file}`);
  });
});
