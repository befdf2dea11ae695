import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import type { Gpu } from "../../src/gpu/gpu.ts";
import { writeTorch } from "../../src/formats/torch/write_torch.ts";
import { PyOrderedDict } from "../../src/formats/pickle/python.ts";
import {
  CheckpointError,
  loadCheckpoint,
  saveCheckpoint,
} from "../../src/run/checkpoints/checkpoint.ts";
import { readBack } from "../../src/tensor/read_back.ts";
import type { EpochEnd, TrainEvent } from "../../src/train/events.ts";
import { device } from "../helpers.ts";
import { openRun, type RecordedRun, writeTeacher } from "./helpers.ts";
import { inTempDir } from "../temp_dir.ts";

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
    .map(({ epoch, lr, train, test, bestTop1, bestEpoch, stale, ema }) => ({
      ...{ epoch, lr, bestTop1, bestEpoch, stale },
      ema: ema && { ...ema, test: [ema.test.loss, ema.test.top1, ema.test.top5] },
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

const AVERAGES = ["student_ema_latest", "student_ema_best"];

/** What SOLVER.FREEZE names is the same in the student and its average, running statistics too; the rest is not. */
function assertFrozen(run: string, settings: readonly string[]): void {
  if (!settings.includes("SOLVER.FREEZE")) return;
  const [own, average] = ["student_latest", "student_ema_latest"].map((name) =>
    bits(join(run, name))
  );
  const same = Object.keys(own).filter((name) => own[name] === average[name]);
  const counters = (name: string) => name.endsWith("num_batches_tracked");
  const frozen = Object.keys(own).filter((name) =>
    counters(name) || /^model\.(conv1|bn1|layer1)\./.test(name)
  );
  assertEquals(same, frozen);
  const moved = (name: string) => Uint8Array.fromBase64(own[name]).some((byte) => byte !== 0);
  assert(!moved("model.bn1.running_mean") && moved("model.layer2.0.bn1.running_mean"));
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
    assertFrozen(join(folder, "whole"), later);
    const files = [
      "latest",
      ...whole.some((event) => event.type === "epoch_end" && event.ema) ? AVERAGES : [],
    ];
    for (const name of files) {
      assertEquals(bits(join(folder, "parts", name)), bits(join(folder, "whole", name)), name);
    }
  });
  return events;
}

Deno.test("a run that was stopped in an epoch ends as one that was not, bit for bit", async () => {
  const stops: TrainEvent[] = [];
  // On a busy machine all steps of an epoch may be under way before the first is told of.
  while (stops.length < 4) {
    const events = await assertSameEnd(
      ALONE,
      (event) => event.type === "step" && event.epoch === 2,
    );
    const stopped = events.find((event) => event.type === "interrupted")!;
    if (stopped.epoch === 2 && stopped.step >= 1 && stopped.step < 5) return;
    stops.push(stopped);
  }
  throw new Error(`never stopped in an epoch: ${JSON.stringify(stops)}`);
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

Deno.test("OFD goes on with its connectors, and a teacher that normalises by the batch", async () => {
  const overrides = ["DISTILLER.TYPE", "OFD", "SOLVER.EPOCHS", "2"];
  await assertSameEnd(overrides, (event) => event.type === "step" && event.epoch === 2);
});

const VARIED = [
  ...["DATASET.AUGMENT.RAND_AUGMENT_OPS", "2", "DATASET.AUGMENT.COLOR_JITTER_BRIGHTNESS", "0.4"],
  ...["DATASET.AUGMENT.RANDOM_ERASING", "0.5", "DATASET.AUGMENT.RANDOM_ERASING_VALUE", "random"],
];

/** Everything that is made of labels and of pairs of images, and drawn. */
const LABELS = [
  ...["DISTILLER.TYPE", "DKD", "SOLVER.EPOCHS", "2", "SOLVER.LABEL_SMOOTHING", "0.1"],
  ...["SOLVER.CLASS_WEIGHTS", "[1, 2, 1, 1, 1, 3, 1, 1, 1, 0.5]", "DATASET.SAMPLER", "balanced"],
  ...["SOLVER.MIXUP_ALPHA", "0.8", "SOLVER.CUTMIX_ALPHA", "1", "SOLVER.MIXUP_PROB", "0.8"],
  ...["SOLVER.BATCH_SIZE", "4", "SOLVER.ACCUMULATE", "3", "LOG.TENSORBOARD_FREQ", "1"],
];

Deno.test("varied and mixed images, weighted labels and a balanced order go on bit for bit", async () => {
  const amp = (await device()).half ? ["SOLVER.AMP", "True"] : [];
  const stop = (event: TrainEvent) => event.type === "point" && event.epoch === 2;
  await assertSameEnd([...LABELS, ...VARIED, ...amp], stop);
});

const ADAMW = ["SOLVER.TYPE", "AdamW", "SOLVER.LR", "0.001"];
const SCHEDULED = [
  ...["SOLVER.LR_SCHEDULE", "cosine", "SOLVER.WARMUP_EPOCHS", "1.5", "SOLVER.BATCH_SIZE", "4"],
  ...["SOLVER.ACCUMULATE", "3", "SOLVER.CLIP_GRAD_NORM", "1"],
];

/** Parameters that stay, groups of the others, an average, and an early end that does not come. */
const FINE_TUNED = [
  ...["SOLVER.FREEZE", "[conv1, bn1, layer1]", "SOLVER.LR_SCALE", "{fc: 10, '*.bn2': 0.5}"],
  ...["SOLVER.NO_DECAY_NORM_BIAS", "True", "SOLVER.EMA_DECAY", "0.7"],
  ...["SOLVER.EARLY_STOP_PATIENCE", "2"],
];

for (const format of ["torch", "safetensors"]) {
  Deno.test(`AdamW goes on with its averages, groups, schedule and images that are varied, bit for bit, from ${format}`, async () => {
    const overrides = [
      ...[...ALONE, ...VARIED, ...ADAMW, ...SCHEDULED, ...FINE_TUNED],
      ...["LOG.TENSORBOARD_FREQ", "1"],
    ];
    let stopped = 0;
    const events = await assertSameEnd(
      [...overrides, "LOG.CHECKPOINT_FORMAT", format],
      (event) => event.type === "point" && event.epoch === 2 && stopped++ === 0,
      overrides,
    );
    // Ten steps an epoch, three of them an update, and the last alone: it stops between two updates.
    const { epoch, step } = events.find((event) => event.type === "interrupted")!;
    assertEquals(epoch, 2);
    assert([3, 6, 9].includes(step), `stopped at step ${step}`);
    const points = events.filter((event) => event.type === "point");
    const rates = points.filter((event) => event.epoch === 2).map(({ lr }) => lr);
    assertEquals(rates.slice(0, 4).map((lr, i) => lr === rates[i - i % 3]), [
      true,
      true,
      true,
      true,
    ]);
    assert(rates[0] < rates[3] && rates[3] < rates[6] && rates[6] > rates[9], rates.join(" "));
  });
}

/** Other groups, or fewer parameters, take the states by their parameters' names; more than were trained are refused. */
async function regroup(gpu: Gpu, folder: string): Promise<void> {
  const states = async (settings: readonly string[]) => {
    const { run } = await openRun(gpu, folder, [...ALONE, ...settings], { resume: true });
    const found = await readBack(run.trainer.options.optimizer.stateDict());
    const { names } = run.files.solver!;
    await run.files.save("interrupted", run.state);
    run.dispose();
    return Object.fromEntries(
      names.map((name, i) => [name, found.get(`momentum_buffer.${i}`)!.data]),
    );
  };
  const latest = join(folder, "latest");
  const whole = Deno.readFileSync(latest);
  const before = await states([]);
  const grouped = await states(["SOLVER.NO_DECAY_NORM_BIAS", "True"]);
  assertEquals(grouped, before);
  assert(
    Object.keys(grouped)[0] === "bn1.weight" && before["fc.bias"].some((value) => value !== 0),
  );
  assertEquals(await states([]), before);
  const { "conv1.weight": _, ...others } = before;
  assertEquals(await states(["SOLVER.FREEZE", "conv1"]), others);
  await assertRejects(
    () => states([]),
    CheckpointError,
    "holds no state of the optimiser for conv1.weight, which was not trained; set SOLVER.FREEZE as",
  );
  Deno.writeFileSync(latest, whole);
}

Deno.test("RunFiles.restore() refuses another optimiser's state, and settings it does not have", async () => {
  const gpu = await device();
  await inTempDir(async (folder) => {
    await finish(await openRun(gpu, folder, [...ALONE, "SOLVER.EPOCHS", "1"]));
    const other = () => openRun(gpu, folder, [...ALONE, ...ADAMW], { resume: true });
    await assertRejects(
      other,
      CheckpointError,
      "another optimiser (momentum_buffer) than SOLVER.TYPE AdamW has (exp_avg, exp_avg_sq, step)",
    );
    await regroup(gpu, folder);
    const path = join(folder, "latest");
    const value = loadCheckpoint(path).value as Map<string, Map<string, Map<string, unknown>[]>>;
    const [group] = value.get("optimizer")!.get("param_groups")!;
    assertEquals(group.get("dampening"), 0);
    group.set("maximize", true);
    Deno.writeFileSync(path, writeTorch(value));
    await assertRejects(
      () => openRun(gpu, folder, ALONE, { resume: true }),
      CheckpointError,
      "the optimiser's maximize at true, which is not implemented here",
    );
  });
});

const ignore = !(await device()).half;

Deno.test(
  { name: "AdamW in mixed precision, accumulated and clipped, goes on bit for bit", ignore },
  async () => {
    const small = ["SOLVER.AMP", "True", "SOLVER.BATCH_SIZE", "1", "DATASET.SUBSET", "1"];
    const events = await assertSameEnd([
      ...ALONE,
      ...ADAMW,
      ...SCHEDULED,
      ...small,
      "SOLVER.EMA_DECAY",
      "0.7",
    ], (event) => {
      return event.type === "step" && event.epoch === 2;
    });
    const end = events.findLast((event) => event.type === "epoch_end")!;
    assertEquals(end.train.scaling!.scale, 65536 / 2 ** end.train.scaling!.skippedSteps);
  },
);

Deno.test(
  { name: "mixed precision goes on with its loss scale, bit for bit", ignore },
  async () => {
    const small = ["SOLVER.AMP", "True", "SOLVER.BATCH_SIZE", "1", "DATASET.SUBSET", "1"];
    const events = await assertSameEnd([...WKD, ...small], (event) => {
      return event.type === "step" && event.epoch === 2;
    });
    const end = events.findLast((event) => event.type === "epoch_end")!;
    const { scale, skippedSteps } = end.train.scaling!;
    assertEquals(scale, 65536 / 2 ** skippedSteps);
  },
);

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

const STEPS_OF_4 = [...ALONE, "SOLVER.BATCH_SIZE", "4", "LOG.TENSORBOARD_FREQ", "4"];
/** Thirty steps, more than are under way when the fourth is heard of. */
const THIRTY_STEPS = [...STEPS_OF_4, "DATASET.SUBSET", "12"];

/** Whether the epoch's fourth step of four images is done. */
function atStep4(event: TrainEvent): boolean {
  return event.type === "point" && event.step === 4;
}

for (
  const [changes, why] of [
    [["SOLVER.BATCH_SIZE", "16"], "SOLVER.BATCH_SIZE was 4 and is 16 now"],
    [["DATASET.SUBSET", "1"], "DATASET.SUBSET was 12 and is 1 now"],
    [
      ["SOLVER.BATCH_SIZE", "2", "SOLVER.SEED", "3"],
      "SOLVER.BATCH_SIZE was 4 and is 2, SOLVER.SEED",
    ],
  ] as const
) {
  Deno.test(`an epoch starts again where ${why}`, async () => {
    const gpu = await device();
    await inTempDir(async (folder) => {
      const later = [...THIRTY_STEPS, "LOG.TENSORBOARD_FREQ", "1", ...changes];
      const events = await stopAndResume(gpu, folder, THIRTY_STEPS, atStep4, later);
      const at = events.findIndex((event) => event.type === "interrupted");
      const warnings = events.slice(at).filter((event) => event.type === "warning");
      const message = warnings.map((event) => event.message).join("\n");
      assert(/latest stopped at step \d+ of epoch 1, but /.test(message), message);
      assert(message.includes(why), message);
      assert(message.includes("; epoch 1 starts again at its first step"), message);
      const points = events.slice(at).filter((event) => event.type === "point");
      assertEquals(points[0].step, 1);
      assertEquals(points.map(({ steps }) => steps), points.map(() => 1));
      assertEquals(figures(events).map(({ epoch }) => epoch), [1, 2]);
    });
  });
}

Deno.test("the first point after a resume covers the steps before it too", async () => {
  const often = [...STEPS_OF_4, "LOG.TENSORBOARD_FREQ", "8", "SOLVER.EPOCHS", "1"];
  const points = (events: readonly TrainEvent[]) =>
    events.filter((event) => event.type === "point")
      .map(({ step, steps, loss, losses, top1, top5 }) => ({
        ...{ step, steps, loss, losses, top1, top5 },
      }));
  const gpu = await device();
  await inTempDir(async (folder) => {
    const whole = await finish(await openRun(gpu, join(folder, "whole"), often));
    const first = (event: TrainEvent) => event.type === "step" && event.step < 8;
    const parts = await stopAndResume(gpu, join(folder, "parts"), often, first, often);
    assertEquals(points(whole).map(({ step, steps }) => [step, steps]), [[8, 8]]);
    assertEquals(points(parts), points(whole));
  });
});

Deno.test("latest is written last, so that a crash before it loses no best", async () => {
  const gpu = await device();
  await inTempDir(async (folder) => {
    const once = [...ALONE, "SOLVER.EPOCHS", "1", "LOG.SAVE_CHECKPOINT_FREQ", "1"];
    const events = await finish(await openRun(gpu, folder, once));
    const kinds = events.flatMap((event) => event.type === "checkpoint" ? [event.kind] : []);
    const others = ["student_1", "epoch_1", "student_best", "best"];
    assertEquals(kinds, [...others, "student_latest", "latest"]);
  });
});

/**
 * Makes of a run's `latest` what the authors' trainer would have written, in DataParallel and without our metadata, or who
 * trains the student alone.
 */
function asAuthors(path: string, alone: boolean): void {
  const value = loadCheckpoint(path).value as Map<string, unknown>;
  const model = [...value.get("model") as Map<string, unknown>];
  const wrapped = model.flatMap(([name, tensor]): [string, unknown][] => {
    if (alone) return [[name.replace(/^student\./, ""), tensor]];
    const other = name.replace(/^student/, "teacher");
    return [[`module.${name}`, tensor], [`module.${other}`, tensor]];
  });
  const own = ["epoch", "optimizer", "best_acc"].map((key) => [key, value.get(key)] as const);
  const whole = new Map<string, unknown>([...own, ["model", new PyOrderedDict(wrapped)]]);
  Deno.writeFileSync(path, writeTorch(whole));
}

for (const alone of [false, true]) {
  const whose = alone ? "a student's" : "the authors'";
  Deno.test(`RunFiles.restore() goes on from ${whose} latest`, async () => {
    const gpu = await device();
    await inTempDir(async (folder) => {
      const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
      const expected = await finish(await openRun(gpu, whole, ALONE));
      await finish(await openRun(gpu, parts, [...ALONE, "SOLVER.EPOCHS", "1"]));
      asAuthors(join(parts, "latest"), alone);
      const events = await finish(await openRun(gpu, parts, ALONE, { resume: true }));
      const warning = events.find((event) => event.type === "warning")!;
      assert(warning.message.includes("training goes on after epoch 1"), warning.message);
      const last = (of: TrainEvent[]) => figures(of).at(-1)!.train;
      assertEquals(last(events), last(expected));
      assertEquals(bits(join(parts, "student_latest")), bits(join(whole, "student_latest")));
    });
  });
}
