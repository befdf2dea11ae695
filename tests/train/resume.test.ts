import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import type { Gpu } from "../../src/gpu/gpu.ts";
import { writeTorch } from "../../src/formats/torch/write_torch.ts";
import { PyOrderedDict } from "../../src/formats/pickle/python.ts";
import { CheckpointError, loadCheckpoint, saveCheckpoint } from "../../src/train/checkpoint.ts";
import type { EpochEnd, TrainEvent } from "../../src/train/events.ts";
import { device } from "../helpers.ts";
import { inTempDir, openRun, type RecordedRun, writeTeacher } from "./helpers.ts";

const ALONE = ["DISTILLER.TYPE", "NONE", "SOLVER.EPOCHS", "2"];
const WKD = [
  ...["DISTILLER.TYPE", "WKD", "SOLVER.EPOCHS", "2", "WKD.COST_MATRIX", "fc"],
  ...["WKD.LOSS.WKD_LOGIT_WEIGHT", "10", "WKD.LOSS.WKD_FEAT_WEIGHT", "0.2"],
  ...["WKD.LOSS.COSINE_DECAY_EPOCH", "1000"],
];

/** Every tensor of a checkpoint, in bits. */
function bits(path: string): Record<string, string> {
  const { tensors } = loadCheckpoint(path);
  return Object.fromEntries([...tensors].map(([name, { data }]) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return [name, bytes.toBase64()];
  }));
}

/** What an epoch's metrics say beside times. */
function figures(events: readonly TrainEvent[]) {
  return events.filter((event): event is EpochEnd => event.type === "epoch_end")
    .map(({ epoch, lr, train, test, bestTop1, bestEpoch }) => ({
      ...{ epoch, lr, bestTop1, bestEpoch },
      train: [train.loss, train.losses, train.top1, train.top5],
      test: [test.loss, test.top1, test.top5],
    }));
}

async function finish({ run, events }: RecordedRun): Promise<TrainEvent[]> {
  assertEquals(await run.train(), true);
  run.dispose();
  return events;
}

/** Trains until `stop` says so, then goes on in a new run; returns the events of both parts. */
async function stopAndResume(
  gpu: Gpu,
  folder: string,
  overrides: readonly string[],
  stop: (event: TrainEvent) => boolean,
  later: readonly string[],
): Promise<TrainEvent[]> {
  const controller = new AbortController();
  const first = await openRun(gpu, folder, overrides, {
    signal: controller.signal,
    onEvent: (event) => stop(event) && controller.abort(),
  });
  assertEquals(await first.run.train(), false);
  first.run.dispose();
  assertEquals(first.events.at(-1)!.type, "interrupted");
  const second = await openRun(gpu, folder, later, { resume: true });
  return [...first.events, ...await finish(second)];
}

/** A run of `overrides` that is stopped by `stop`, and goes on with `later`, ends as one that is not, bit for bit. */
async function assertSameEnd(
  overrides: readonly string[],
  stop: (event: TrainEvent) => boolean,
  later = overrides,
): Promise<TrainEvent[]> {
  const gpu = await device();
  let events: TrainEvent[] = [];
  await inTempDir(async (folder) => {
    await writeTeacher(folder);
    const whole = await finish(await openRun(gpu, join(folder, "whole"), later));
    events = await stopAndResume(gpu, join(folder, "parts"), overrides, stop, later);
    assertEquals(figures(events), figures(whole));
    const latest = (run: string) => bits(join(folder, run, "latest"));
    assertEquals(latest("parts"), latest("whole"));
  });
  return events;
}

Deno.test("a run that was stopped in an epoch ends as one that was not, bit for bit", async () => {
  const events = await assertSameEnd(ALONE, (event) => event.type === "step" && event.epoch === 2);
  const stopped = events.find((event) => event.type === "interrupted")!;
  assert(stopped.epoch === 2 && stopped.step >= 1 && stopped.step < 5, JSON.stringify(stopped));
});

Deno.test("a run that was stopped in an evaluation repeats only that, from safetensors too", async () => {
  const overrides = [...ALONE, "DATASET.TEST.BATCH_SIZE", "4"];
  let stops = 0;
  const stop = (event: TrainEvent) =>
    event.type === "evaluate" && event.done < event.total && stops++ === 0;
  const safetensors = [...overrides, "LOG.CHECKPOINT_FORMAT", "safetensors"];
  const events = await assertSameEnd(safetensors, stop, overrides);
  const at = events.findIndex((event) => event.type === "interrupted");
  const next = events.slice(at).find(({ type }) => type === "step" || type === "epoch_end")!;
  assertEquals(next.type, "epoch_end");
});

Deno.test("WKD-L + WKD-F goes on with its projector, bit for bit", async () => {
  await assertSameEnd(WKD, (event) => event.type === "step" && event.epoch === 2);
});

Deno.test("mixed precision goes on with its loss scale, bit for bit", async () => {
  const { half } = await device();
  if (!half) return;
  const small = ["SOLVER.AMP", "True", "SOLVER.BATCH_SIZE", "1", "DATASET.SUBSET", "1"];
  const events = await assertSameEnd([...WKD, ...small], (event) => {
    return event.type === "step" && event.epoch === 2;
  });
  const end = events.findLast((event) => event.type === "epoch_end")!;
  const { scale, skippedSteps } = end.train.scaling!;
  assertEquals(scale, 65536 / 2 ** skippedSteps);
});

Deno.test("RunFiles.restore() warns of another configuration and refuses another model", async () => {
  const gpu = await device();
  await inTempDir(async (folder) => {
    const run = join(folder, "run");
    const overrides = [
      ...["DISTILLER.TYPE", "NONE", "SOLVER.EPOCHS", "1"],
      ...["LOG.CHECKPOINT_FORMAT", "safetensors"],
    ];
    await finish(await openRun(gpu, run, overrides));
    const changed = [...overrides, "SOLVER.LR", "0.3"];
    const events = await finish(await openRun(gpu, run, changed, { resume: true }));
    const warning = events.find((event) => event.type === "warning")!;
    assert(
      warning.message.endsWith("another configuration; changed now: LR: 0.3"),
      warning.message,
    );
    assertEquals(events.at(-1)!.type, "run_end");
    const path = join(run, "latest.safetensors");
    const { tensors, metadata } = loadCheckpoint(path);
    const fewer = new Map([...tensors].filter(([name]) => name !== "student.fc.bias"));
    saveCheckpoint(path, fewer as never, metadata);
    const resumed = () => openRun(gpu, run, overrides, { resume: true });
    await assertRejects(resumed, CheckpointError, "does not fit the model: missing fc.bias");
  });
});

/** Makes of a run's `latest` what the authors' trainer would have written: in DataParallel, without our metadata. */
function asAuthors(path: string): void {
  const value = loadCheckpoint(path).value as Map<string, unknown>;
  const model = [...value.get("model") as Map<string, unknown>];
  const wrapped = model.flatMap(([name, tensor]): [string, unknown][] => {
    const other = name.replace(/^student/, "teacher");
    return [[`module.${name}`, tensor], [`module.${other}`, tensor]];
  });
  const own = ["epoch", "optimizer", "best_acc"].map((key) => [key, value.get(key)] as const);
  const whole = new Map<string, unknown>([...own, ["model", new PyOrderedDict(wrapped)]]);
  Deno.writeFileSync(path, writeTorch(whole));
}

Deno.test("RunFiles.restore() goes on from the authors' latest", async () => {
  const gpu = await device();
  await inTempDir(async (folder) => {
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    const expected = await finish(await openRun(gpu, whole, ALONE));
    await finish(await openRun(gpu, parts, [...ALONE, "SOLVER.EPOCHS", "1"]));
    asAuthors(join(parts, "latest"));
    const events = await finish(await openRun(gpu, parts, ALONE, { resume: true }));
    const warning = events.find((event) => event.type === "warning")!;
    assert(warning.message.includes("training goes on after epoch 1"), warning.message);
    const last = (of: TrainEvent[]) => figures(of).at(-1)!.train;
    assertEquals(last(events), last(expected));
    assertEquals(bits(join(parts, "student_latest")), bits(join(whole, "student_latest")));
  });
});
