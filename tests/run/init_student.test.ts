import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { createModel } from "../../src/models/registry.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { CheckpointError, loadCheckpoint, saveCheckpoint } from "../../src/run/checkpoint.ts";
import { initStudent } from "../../src/run/init_student.ts";
import type { AverageEnd, TestMetrics } from "../../src/train/events.ts";
import { readBack } from "../../src/tensor/read_back.ts";
import { cli, TINY } from "../cli/helpers.ts";
import { fixturePath } from "../formats/pth.ts";
import { device } from "../helpers.ts";
import { Tiny } from "../models/tiny.ts";
import { inTempDir } from "../temp_dir.ts";
import { openRun } from "../train/helpers.ts";

const gpu = await device();

const WANTED = { name: "tiny", family: "cifar", inChannels: 3 } as const;

/** Starts a tiny student from a file of torch's; returns what it holds afterwards, and what was told. */
async function started(file: string, numClasses: number, inChannels = 3) {
  manualSeed(3);
  const student = new Tiny(numClasses, inChannels);
  const before = await readBack(student.stateDict());
  const told: string[] = [];
  try {
    const wanted = { ...WANTED, numClasses, inChannels };
    initStudent(student, fixturePath(file), wanted, (message) => told.push(message));
    return { before, after: await readBack(student.stateDict()), told };
  } finally {
    student.dispose();
  }
}

Deno.test("initStudent() takes the weights of torch's files, wrapped or not", async () => {
  const wanted = loadCheckpoint(fixturePath("bare.pth")).tensors;
  for (const file of ["bare.pth", "student_best.pth", "module.pth", "legacy.pth"]) {
    const { after, told } = await started(file, 5);
    assertEquals(told, []);
    for (const [name, { data }] of after) {
      assertEquals([...data], [...wanted.get(name)!.data].map(Number), `${file}: ${name}`);
    }
  }
});

Deno.test("initStudent() leaves a last layer for other classes as it is, and says so", async () => {
  for (const file of ["student_best.pth", "module.pth"]) {
    const { before, after, told } = await started(file, 3);
    const wanted = loadCheckpoint(fixturePath("bare.pth")).tensors;
    for (const [name, { data }] of after) {
      const from = name.startsWith("fc.") ? before.get(name)!.data : wanted.get(name)!.data;
      assertEquals([...data], [...from].map(Number), name);
    }
    assertEquals(told.length, 1);
    assertStringIncludes(
      told[0],
      `${file}: its last layer is for 5 classes and the data set has 3: the student's last layer ` +
        "(fc.weight, fc.bias) starts from fresh weights",
    );
  }
});

Deno.test("initStudent() refuses what does not fit otherwise, with the tensor", async () => {
  const refused = async (file: string, channels: number) => {
    const error = await started(file, 3, channels).catch((error) => error);
    assert(error instanceof CheckpointError, String(error));
    return error.message;
  };
  assertStringIncludes(
    await refused("student_best.pth", 1),
    "does not fit the student tiny (3 classes, 1 channel): conv1.weight is [4, 3, 3, 3], " +
      "[4, 1, 3, 3] wanted: it is for images of 3 channels, and the data set's have 1",
  );
  await inTempDir(async (folder) => {
    const path = join(folder, "part.safetensors");
    const student = new Tiny(5);
    const tensors = await readBack(student.stateDict());
    tensors.delete("bn1.bias");
    saveCheckpoint(path, tensors, {});
    const wanted = { ...WANTED, numClasses: 5 };
    assertThrows(() => initStudent(student, path, wanted), CheckpointError, "it has no bn1.bias");
    student.dispose();
  });
  const other = createModel("resnet8", { numClasses: 3 });
  const resnet8 = { ...WANTED, name: "resnet8", numClasses: 3 };
  assertThrows(
    () => initStudent(other, fixturePath("student_best.pth"), resnet8),
    CheckpointError,
    "conv1.weight is [4, 3, 3, 3], [16, 3, 3, 3] wanted; it fits no model that is known here",
  );
  other.dispose();
});

Deno.test("a run starts from DISTILLER.STUDENT_CHECKPOINT, ends early, and goes on without the file", async () => {
  await inTempDir(async (folder) => {
    manualSeed(5);
    const model = createModel("resnet8", { numClasses: 7, inChannels: 1 });
    const weights = await readBack(model.stateDict());
    model.dispose();
    const path = join(folder, "start.safetensors");
    saveCheckpoint(path, weights, {});
    const settings = [
      ...["DISTILLER.TYPE", "NONE", "DISTILLER.STUDENT_CHECKPOINT", path, "SOLVER.EPOCHS", "9"],
      ...["SOLVER.LR", "1e-9", "SOLVER.EARLY_STOP_PATIENCE", "1", "SOLVER.EMA_DECAY", "0.5"],
    ];
    const first = await openRun(gpu, join(folder, "run"), settings);
    const { student } = first.run.trainer.options.distiller;
    const start = await readBack(student.stateDict());
    for (const [name, { data }] of start) {
      if (!name.startsWith("fc.")) assertEquals(data, weights.get(name)!.data, name);
    }
    assertEquals(await first.run.train(), true);
    first.run.dispose();
    const notes = (events: typeof first.events) =>
      events.flatMap((event) => event.type === "note" ? [event.message] : []);
    const epochs = first.events.filter((event) => event.type === "epoch_end");
    let [best, averageBest] = [-1, -1];
    for (const [i, { test, ema, stale }] of epochs.entries()) {
      const better = test.top1 > best || ema!.test.top1 > averageBest;
      [best, averageBest] = [Math.max(best, test.top1), Math.max(averageBest, ema!.test.top1)];
      assertEquals([stale, better], [Number(!better), i < epochs.length - 1]);
      assertEquals(ema!.bestTop1, averageBest);
    }
    assert(epochs.length > 1 && epochs.length < 9, `${epochs.length} epochs`);
    const [started, ended] = notes(first.events);
    assertStringIncludes(started, "its last layer is for 7 classes and the data set has 10");
    const n = epochs.length;
    assertEquals(
      ended,
      `ended after epoch ${n} of 9: no better top-1 since epoch ${n - 1} (best ${
        best.toFixed(2)
      } %, of the average ${averageBest.toFixed(2)} %; SOLVER.EARLY_STOP_PATIENCE 1)`,
    );
    await evaluateAverage(join(folder, "run"), epochs.map(({ ema }) => ema!));
    Deno.removeSync(path);
    const again = await openRun(gpu, join(folder, "run"), settings, { resume: true });
    assertEquals(await again.run.train(), true);
    again.run.dispose();
    assertEquals(notes(again.events), [ended]);
    assertEquals(again.events.at(-1)!.type, "run_end");
    assertEquals(again.events.filter((event) => event.type === "warning"), []);
  });
});

/** The files of the average hold what was evaluated in the run. */
async function evaluateAverage(run: string, epochs: readonly AverageEnd[]): Promise<void> {
  const { test, bestEpoch } = epochs.at(-1)!;
  const same = ["DATASET.VALIDATION", "2", "DATASET.SUBSET", "4", "-bs", "20", "--json"];
  const metrics = async (name: string) => {
    const { status, stdout, stderr } = await cli("eval", "-c", join(run, name), ...same);
    assertEquals(status, 0, stderr);
    const { top1, top5, loss } = JSON.parse(stdout);
    return { figures: { top1, top5, loss }, stderr };
  };
  const figures = ({ top1, top5, loss }: TestMetrics) => ({ top1, top5, loss });
  assertEquals((await metrics("student_ema_latest")).figures, figures(test));
  const best = epochs[bestEpoch - 1].test;
  assertEquals((await metrics("student_ema_best")).figures, figures(best));
  const { metadata } = loadCheckpoint(join(run, "student_ema_best"));
  assertEquals([metadata.epoch, metadata.best_acc], [String(bestEpoch), String(best.top1)]);
  const whole = await metrics("latest");
  assertStringIncludes(whole.stderr, "the weights under model.student are taken");
  assertStringIncludes(whole.stderr, "those under extra.ema would fit too");
}

Deno.test("train --init is DISTILLER.STUDENT_CHECKPOINT", async () => {
  await inTempDir(async (folder) => {
    const cfg = "configs/fashion_mnist/vanilla/resnet8.yaml";
    const train = ["train", "--cfg", cfg, "LOG.PREFIX", folder, ...TINY];
    const missing = await cli(...train, "--init", join(folder, "no.pth"));
    assertEquals(missing.status, 1);
    assertStringIncludes(missing.stderr, "no.pth, which the student resnet8 is to start from");
    const twice = await cli(...train, "--init", "a", "DISTILLER.STUDENT_CHECKPOINT", "b");
    assertStringIncludes(twice.stderr, "--init is the same as DISTILLER.STUDENT_CHECKPOINT");
    const torch = await cli(...train, "--init", fixturePath("student_best.pth"));
    assertEquals(torch.status, 1);
    assertStringIncludes(torch.stderr, "does not fit the student resnet8 (10 classes, 1 channel)");
    assertEquals([...Deno.readDirSync(join(folder, "fashion_mnist"))], []);
  });
});
