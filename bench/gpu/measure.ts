import type { Gpu } from "../../src/gpu/gpu.ts";
import { withoutTape } from "../../src/tensor/autograd.ts";
import { scope } from "../../src/tensor/scope.ts";

/** One line of a part's table; the columns are those of the part. */
export type Row = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** How a part is to be run. */
export interface PartSetting {
  /** Small sizes, to try the whole on an adapter that runs kernels on the CPU. */
  readonly small: boolean;
  /** Whether variants of kernels are timed for new shapes. */
  readonly tune: boolean;
  /** Whether the part's time is up. */
  readonly due: () => boolean;
}

/** A part of the benchmark: rows as they are measured. */
export type Part = (gpu: Gpu, setting: PartSetting) => AsyncGenerator<Row>;

/** Seconds that a measurement takes at least. */
const LEAST = { small: 0.02, whole: 0.12 };
/** Seconds of one submission, which costs a tenth of a millisecond itself. */
const SUBMITTED = 0.004;
const MOST_COPIES = 64;

/** What waiting for an idle device takes, by device. */
const waits = new WeakMap<Gpu, number>();

async function waitSeconds(gpu: Gpu): Promise<number> {
  let least = waits.get(gpu) ?? Infinity;
  for (let i = 0; least === Infinity || i < 3; i++) {
    const start = performance.now();
    await gpu.finished();
    least = Math.min(least, (performance.now() - start) / 1000);
  }
  waits.set(gpu, least);
  return least;
}

/** Seconds of one run of `work`, which dispatches and keeps nothing: the shorter of two measurements of many runs. */
export async function secondsOf(gpu: Gpu, work: () => void, small: boolean): Promise<number> {
  const once = await replayed(gpu, work, 1, small ? 0 : LEAST.small);
  if (small && once > LEAST.small) return once;
  const copies = Math.max(1, Math.min(MOST_COPIES, Math.floor(SUBMITTED / once)));
  return await replayed(gpu, work, copies, small ? LEAST.small : LEAST.whole);
}

async function replayed(
  gpu: Gpu,
  work: () => void,
  copies: number,
  least: number,
): Promise<number> {
  const recording = await gpu.record(() => {
    for (let i = 0; i < copies; i++) withoutTape(() => scope(work));
  });
  try {
    await gpu.finished();
    const idle = await waitSeconds(gpu);
    let best = Infinity;
    for (let count = 1, rounds = 0; rounds < 2;) {
      const start = performance.now();
      for (let i = 0; i < count; i++) recording.replay();
      await gpu.finished();
      const seconds = Math.max((performance.now() - start) / 1000 - idle, 1e-6);
      if (seconds >= least || count >= 4096) {
        best = Math.min(best, seconds / count / copies);
        rounds++;
      } else count = Math.min(4096, Math.ceil(count * Math.min(20, 1.3 * least / seconds)));
    }
    return best;
  } finally {
    recording.dispose();
    gpu.trim();
  }
}
