import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { loadCheckpoint } from "../../src/run/checkpoints/checkpoint.ts";
import type { TrainEvent } from "../../src/train/events.ts";
import { device } from "../helpers.ts";
import { openRun, writeTeacher } from "../train/helpers.ts";
import { inTempDir } from "../temp_dir.ts";

const gpu = await device();

const OVERRIDES = [
  ...["DISTILLER.TYPE", "CRD", "SOLVER.TRAINER", "crd", "SOLVER.EPOCHS", "2"],
  ...["LOG.CHECKPOINT_FORMAT", "safetensors"],
  ...["CRD.FEAT.STUDENT_DIM", "64", "CRD.FEAT.TEACHER_DIM", "64", "CRD.NCE.K", "30"],
];

/** Every tensor of a run's `latest` that CRD adds or moves, in bits. */
function latest(folder: string): Record<string, string> {
  const { tensors } = loadCheckpoint(join(folder, "latest.safetensors"));
  return Object.fromEntries([...tensors].map(([name, { data }]) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return [name, bytes.toBase64()];
  }));
}

/** Trains until `stop` says so; returns the last value of the contrastive loss. */
async function train(
  folder: string,
  resume: boolean,
  stop: (event: TrainEvent) => boolean = () => false,
): Promise<number> {
  const controller = new AbortController();
  const { run, events } = await openRun(gpu, folder, OVERRIDES, {
    resume,
    signal: controller.signal,
    onEvent: (event) => stop(event) && controller.abort(),
  });
  await run.train();
  run.dispose();
  const end = events.findLast((event) => event.type === "epoch_end");
  return end?.type === "epoch_end" ? end.train.losses.loss_kd : NaN;
}

Deno.test("CRD goes on after an interruption as if there had been none, bit for bit", async () => {
  await inTempDir(async (folder) => {
    await writeTeacher(folder);
    const whole = join(folder, "whole");
    const loss = await train(whole, false);
    const parts = join(folder, "parts");
    await train(parts, false, (event) => event.type === "step" && event.epoch === 2);
    assertEquals(await train(parts, true), loss);
    assertEquals(latest(parts), latest(whole));
    const { tensors } = loadCheckpoint(join(whole, "latest.safetensors"));
    const [k, temperature, zStudent, zTeacher, momentum] = tensors.get("contrast.params")!
      .data as Float32Array;
    assertEquals([k, temperature, momentum], [30, Math.fround(0.07), 0.5]);
    assert(zStudent > 0 && zTeacher > 0);
    assertEquals(tensors.get("contrast.memory_v1")!.shape, [40, 128]);
    // Above it the loss says nothing: the positive is found by chance.
    assert(loss < 0.8 * 2 * (Math.log(30 / 40 + 1) + 30 * Math.log(2)), `${loss}`);
  });
});
