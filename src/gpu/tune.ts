import type { DispatchCommand } from "./command.ts";
import type { Gpu } from "./gpu.ts";
import { GpuError } from "./gpu_error.ts";
import type { RecordingScope } from "./recording_scope.ts";
import type { TuningRequest } from "./tuning.ts";

/**
 * Nanoseconds that lists of dispatches take on the device, one after the other, each run as often as `repeats` says at its
 * place. A number that is not positive and finite, NaN too, tells nothing.
 */
export type Clock = (
  gpu: Gpu,
  lists: readonly (readonly DispatchCommand[])[],
  repeats: readonly number[],
) => Promise<number[]>;

/** Most nanoseconds that a variant is timed for, where one run of it takes no longer. */
const BUDGET = 50e6;
/** Nanoseconds that a measurement takes at least: browsers tell time in steps of 100 microseconds. */
const LEAST = 1e6;
/** Most repeats of a measurement. */
const MOST_REPEATS = 1024;
/** Measurements of a variant, of which the shortest counts; those of all variants take turns. */
const ROUNDS = 3;
/** Share of the default's time that another variant must stay below: less is noise. */
const CLEARLY = 0.97;
/** Milliseconds after which no more variants are compiled; shapes that still miss one run the default. */
const COMPILING = 30_000;
/** Variants compiled at a time. */
const AT_ONCE = 8;
/** Nanoseconds that no measurement takes: the clock is wrong. */
const ABSURD = 60e9;

/**
 * Times the variants of the shapes that `fn` would dispatch for the first time, so that recording `fn` afterwards takes the
 * fastest. `fn` runs without the device (as in `Gpu.dryRun`), and must be one that can be recorded again. Each variant runs on
 * memory that is freed again; shapes without room for it, and devices without timestamps, take the default.
 *
 * @param clock for tests
 * @throws GpuError when the device failed
 */
export async function tune(gpu: Gpu, fn: () => void, clock: Clock = timestamps): Promise<void> {
  const { tuning } = gpu;
  if (!tuning.measures) return;
  if (!gpu.device.features.has("timestamp-query")) return tuning.turnOff();
  await gpu.flush();
  const requests = tuning.gather(() => whereRoom(gpu, () => gpu.dryRun(fn))?.release());
  if (requests.length === 0) return;
  await gpu.finished();
  const compiled = await compileAll(gpu, requests);
  const winners = new Map<string, string>();
  for (const request of compiled) {
    const winner = await fastest(gpu, request, clock);
    if (winner !== null) winners.set(request.key, request.names[winner]);
  }
  tuning.keep(winners);
}

/** What `fn` dispatches, or null where there is no room for its tensors. */
function whereRoom(gpu: Gpu, fn: () => void): RecordingScope | null {
  try {
    return gpu.capture(fn);
  } catch (error) {
    if (error instanceof GpuError && error.kind === "out-of-memory") return null;
    throw error;
  }
}

/** Compiles the variants of all shapes, some at a time; returns the shapes whose variants were all tried. */
async function compileAll(gpu: Gpu, requests: readonly TuningRequest[]): Promise<TuningRequest[]> {
  const { pipelines } = gpu;
  const end = performance.now() + COMPILING;
  const tried: TuningRequest[] = [];
  for (const request of requests) {
    if (performance.now() > end) break;
    request.names.forEach((_, i) => whereRoom(gpu, () => request.run(i))?.release());
    const waiting = [...pipelines.waiting];
    for (let first = 0; first < waiting.length; first += AT_ONCE) {
      const some = waiting.slice(first, first + AT_ONCE);
      gpu.onCompile?.(pipelines.progress(some[0].name));
      const start = performance.now();
      await Promise.allSettled(some.map((entry) => pipelines.compile(entry)));
      pipelines.compileMilliseconds += performance.now() - start;
      // A variant that a driver does not compile is one that does not win.
      for (const entry of some) pipelines.waiting.delete(entry);
    }
    tried.push(request);
  }
  return tried;
}

/** The place of the fastest variant; null where that cannot be told. */
async function fastest(
  gpu: Gpu,
  request: TuningRequest,
  clock: Clock,
): Promise<number | null> {
  const captured = request.names.map((_, i) => whereRoom(gpu, () => request.run(i)));
  try {
    const lists = captured.map((scope) => dispatchesOf(scope));
    if (!lists[0]) return null;
    const runnable = lists.flatMap((list, i) => list ? [i] : []);
    const times = await measure(gpu, runnable.map((i) => lists[i]!), clock);
    for (const { entry } of runnable.flatMap((i) => lists[i]!)) gpu.pipelines.ran(entry);
    const [standard] = times;
    if (!Number.isFinite(standard)) return null;
    const best = times.reduce((least, time, i) => time < times[least] ? i : least, 0);
    return times[best] < CLEARLY * standard ? runnable[best] : 0;
  } finally {
    for (const scope of captured) scope?.release();
  }
}

/** The dispatches of a variant; null where one does not compile, or where it does anything else. */
function dispatchesOf(scope: RecordingScope | null): DispatchCommand[] | null {
  const commands = scope?.commands ?? [];
  const dispatches = commands.filter((command) => command.kind === "dispatch");
  const whole = dispatches.length > 0 && dispatches.length === commands.length;
  return whole && dispatches.every(({ entry }) => entry.pipeline) ? dispatches : null;
}

/** Nanoseconds of one run of each list; Infinity where the clock tells nothing. */
async function measure(
  gpu: Gpu,
  lists: readonly (readonly DispatchCommand[])[],
  clock: Clock,
): Promise<number[]> {
  const state = lists.map(() => ({ best: Infinity, repeats: 1, spent: 0, rounds: 0, last: 0 }));
  // The first time, drivers finish compiling, and the time of a run is not known.
  for (let warm = false;; warm = true) {
    const due = state.flatMap(({ rounds, spent, last }, i) =>
      rounds < ROUNDS && spent + last <= BUDGET ? [i] : []
    );
    if (due.length === 0) return state.map(({ best }) => best);
    const times = await clock(gpu, due.map((i) => lists[i]), due.map((i) => state[i].repeats));
    due.forEach((i, k) => {
      const each = state[i];
      const time = times[k];
      if (!(time >= 0 && time < ABSURD)) {
        Object.assign(each, { best: Infinity, rounds: ROUNDS });
        return;
      }
      const { repeats } = each;
      each.spent += time;
      if (time < LEAST && repeats < MOST_REPEATS) {
        const factor = Math.min(16, Math.ceil(1.5 * LEAST / Math.max(time, 1)));
        each.repeats = Math.min(MOST_REPEATS, repeats * factor);
        each.last = time * factor;
        return;
      }
      each.last = time;
      if (!warm && time < BUDGET / 2) return;
      each.rounds++;
      if (time > 0) each.best = Math.min(each.best, time / repeats);
    });
  }
}

/** A pass for each list, with timestamps at its ends. */
const timestamps: Clock = async (gpu, lists, repeats) => {
  const { device } = gpu;
  const bytes = 16 * lists.length;
  const querySet = device.createQuerySet({ type: "timestamp", count: 2 * lists.length });
  const resolved = device.createBuffer({ size: bytes, usage: 0x200 | 0x04 }); // QUERY_RESOLVE | COPY_SRC
  const staging = device.createBuffer({ size: bytes, usage: 0x01 | 0x08 }); // MAP_READ | COPY_DST
  try {
    const encoder = device.createCommandEncoder();
    lists.forEach((list, i) => {
      const pass = encoder.beginComputePass({
        timestampWrites: {
          querySet,
          beginningOfPassWriteIndex: 2 * i,
          endOfPassWriteIndex: 2 * i + 1,
        },
      });
      for (let n = 0; n < repeats[i]; n++) {
        for (const { entry, bindGroup, workgroups } of list) {
          pass.setPipeline(entry.pipeline!);
          pass.setBindGroup(0, bindGroup);
          pass.dispatchWorkgroups(...workgroups);
        }
      }
      pass.end();
    });
    encoder.resolveQuerySet(querySet, 0, 2 * lists.length, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(1).catch((error) =>
      gpu.failure.unanswered(error, "timing variants of a kernel")
    );
    gpu.check();
    const stamps = new BigUint64Array(staging.getMappedRange());
    return lists.map((_, i) => Number(stamps[2 * i + 1] - stamps[2 * i]));
  } finally {
    querySet.destroy();
    staging.destroy();
    resolved.destroy();
  }
};
