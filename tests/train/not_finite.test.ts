import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { createModel } from "../../src/models/registry.ts";
import { CheckpointError, saveCheckpoint } from "../../src/run/checkpoints/checkpoint.ts";
import { readBack } from "../../src/tensor/read_back.ts";
import type { TrainEvent } from "../../src/train/events.ts";
import { findNotFinite } from "../../src/train/not_finite.ts";
import type { Run } from "../../src/run/run.ts";
import { TrainingError } from "../../src/train/training_error.ts";
import { device } from "../helpers.ts";
import { inTempDir } from "../temp_dir.ts";
import { openRun, writeTeacher } from "./helpers.ts";

const gpu = await device();
const ALONE = ["DISTILLER.TYPE", "NONE", "SOLVER.EPOCHS", "2"];
const KD = ["DISTILLER.TYPE", "KD", "SOLVER.EPOCHS", "1"];

/** Opens a run that sets a tensor of its student to a value behind the last step of its first epoch. */
async function spoiled(folder: string, name: string, value: number) {
  let run: Run | null = null;
  const opened = await openRun(gpu, folder, ALONE, {
    onEvent: (event) => {
      if (event.type !== "step" || event.epoch > 1 || event.step < event.stepsPerEpoch) return;
      const tensor = run!.trainer.options.distiller.student.stateDict().get(name)!;
      tensor.copy_(new Float32Array(tensor.numel).fill(value));
    },
  });
  run = opened.run;
  return opened;
}

function ends(events: readonly TrainEvent[]) {
  return events.filter((event) => event.type === "epoch_end");
}

Deno.test("findNotFinite() names the first tensor, what it holds and how often", () => {
  const tensors = (...data: number[][]) =>
    data.map((each, i) => [`t${i}`, { data: Float32Array.from(each) }] as const);
  assertEquals(findNotFinite(tensors([1, 2], [], [3])), null);
  assertEquals(
    findNotFinite(tensors([1], [2, -Infinity, NaN])),
    "-inf in t1 (2 of 3 numbers)",
  );
  assertEquals(
    findNotFinite(tensors([NaN], [Infinity], [NaN], [1])),
    "NaN in t0 (1 of 1 numbers) and 2 other tensors",
  );
});

Deno.test("a test loss that is not finite is told, and the run goes on", async () => {
  await inTempDir(async (folder) => {
    // A variance below 0 has no root; the next epoch's steps lift it above 0.
    const { run, events } = await spoiled(folder, "bn1.running_var", -1e-3);
    assertEquals(await run.train(), true);
    run.dispose();
    const [first, second] = ends(events);
    assertEquals([first.test.loss, first.test.top1], [NaN, 0]);
    assert(Number.isFinite(second.test.loss));
    assertEquals(second.bestEpoch, 2);
    const warnings = events.filter((event) => event.type === "warning");
    assertEquals(warnings.length, 1);
    assertMatch(
      warnings[0].message,
      /^the loss over the test images is NaN at epoch 1: .* goes on/,
    );
    const kinds = events.flatMap((event) => event.type === "checkpoint" ? [event.kind] : []);
    assertEquals(kinds.filter((kind) => kind === "latest").length, 2);
  });
});

Deno.test("running statistics that are not finite are named, and the run goes on", async () => {
  await inTempDir(async (folder) => {
    const { run, events } = await spoiled(folder, "bn1.running_mean", NaN);
    assertEquals(await run.train(), true);
    run.dispose();
    const warnings = events.filter((event) => event.type === "warning").map((e) => e.message);
    assertEquals(warnings.length, 2);
    for (const message of warnings) {
      assertMatch(message, /statistics .* hold NaN in bn1.running_mean \(16 of 16 numbers\)/);
    }
    const again = await openRun(gpu, folder, [...ALONE, "SOLVER.EPOCHS", "3"], { resume: true });
    assertEquals(await again.run.train(), true);
    assertEquals(ends(again.events).map(({ epoch }) => epoch), [3]);
    again.run.dispose();
  });
});

Deno.test("weights that are not finite at an epoch's end stop the run before they are saved", async () => {
  await inTempDir(async (folder) => {
    const { run, events } = await spoiled(folder, "fc.weight", NaN);
    const error = await assertRejects(() => run.train(), TrainingError);
    assertMatch(
      error.message,
      /student's weights are not finite numbers after epoch 1: NaN in fc.w/,
    );
    assert(!events.some((event) => event.type === "checkpoint"));
    run.dispose();
  });
});

/** Writes a teacher of which a tensor is filled with a value. */
async function writeSpoiledTeacher(folder: string, name: string, value: number): Promise<void> {
  const teacher = createModel("resnet8", { numClasses: 10, inChannels: 1 });
  const tensors = await readBack(teacher.stateDict());
  tensors.get(name)!.data.fill(value);
  saveCheckpoint(join(folder, "teacher.safetensors"), tensors, {});
  teacher.dispose();
}

for (
  const [name, value, text] of [
    ["layer1.0.conv1.weight", NaN, "NaN in layer1.0.conv1.weight (2304 of 2304 numbers)"],
    ["bn1.running_var", Infinity, "inf in bn1.running_var (16 of 16 numbers)"],
  ] as const
) {
  Deno.test(`a teacher with ${value} in its ${name} is called so`, async () => {
    await inTempDir(async (folder) => {
      await writeSpoiledTeacher(folder, name, value);
      const error = await assertRejects(
        () => openRun(gpu, join(folder, "run"), KD),
        CheckpointError,
        text,
      );
      assertMatch(
        error.message,
        /^the teacher resnet8 in .*; use another DISTILLER.TEACHER_CHECKP/,
      );
    });
  });
}

Deno.test("a teacher whose weights are finite but not what it says is blamed for the loss", async () => {
  await inTempDir(async (folder) => {
    await writeSpoiledTeacher(folder, "fc.weight", 3e38);
    const { run } = await openRun(gpu, join(folder, "run"), [...KD, "SOLVER.BATCH_SIZE", "16"]);
    const error = await assertRejects(() => run.train(), TrainingError);
    assertMatch(
      error.message,
      /^the loss is not a finite number at epoch 1, step 1, since the teacher's is not: inf in its l/,
    );
    assertMatch(error.message, /; use another DISTILLER.TEACHER_CHECKPOINT$/);
    run.dispose();
  });
});

Deno.test(
  { name: "a teacher that is too large for float16 is told so", ignore: !gpu.half },
  async () => {
    await inTempDir(async (folder) => {
      await writeSpoiledTeacher(folder, "fc.weight", 6e4);
      const amp = [...KD, "SOLVER.BATCH_SIZE", "16", "SOLVER.AMP", "True"];
      const { run } = await openRun(gpu, join(folder, "run"), amp);
      const error = await assertRejects(() => run.train(), TrainingError);
      assertMatch(
        error.message,
        /the teacher's is not: .*; float16 ends at 65504: set SOLVER.AMP F/,
      );
      run.dispose();
    });
  },
);

Deno.test("a sound teacher is not blamed for a learning rate", async () => {
  await inTempDir(async (folder) => {
    await writeTeacher(folder);
    const { run } = await openRun(gpu, join(folder, "run"), [...KD, "SOLVER.LR", "1e30"]);
    const error = await assertRejects(() => run.train(), TrainingError);
    assertMatch(
      error.message,
      /^the loss is not a finite number at .*; lower SOLVER.LR or the loss w/,
    );
    run.dispose();
  });
});
