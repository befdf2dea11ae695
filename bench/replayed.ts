import type { Gpu } from "../src/gpu/gpu.ts";
import type { Recording } from "../src/gpu/recording.ts";
import { scope } from "../src/tensor/scope.ts";

/** Work for {@linkcode benchReplayed}. */
export interface ReplayedBench {
  readonly gpu: Gpu;
  readonly group: string;
  readonly name: string;
  /** Roughly how many arithmetic operations it is, which tells how often it runs between two waits. */
  readonly operations: number;
  /** Makes its tensors and dispatches; what it makes is freed after the measurement. */
  readonly work: () => void;
}

const MOST_RUNS = 200;

let latest: Recording | null = null;

/**
 * Benchmarks work on the device: recorded once, then replayed as often as fills about 0.1 s, so that the
 * 10 ms of waiting for the device count little.
 */
export function benchReplayed({ gpu, group, name, operations, work }: ReplayedBench): void {
  const least = gpu.software ? 5e9 : 5e11;
  const runs = Math.min(MOST_RUNS, Math.max(1, Math.ceil(least / operations)));
  let recording: Recording | null = null;
  Deno.bench({
    group,
    name: `${name}, ${runs} times`,
    n: 5,
    warmup: 1,
    fn: async (timer) => {
      if (!recording || recording !== latest) {
        latest?.dispose();
        latest = recording = await gpu.record(() => scope(work));
        await gpu.finished();
      }
      timer.start();
      for (let i = 0; i < runs; i++) recording.replay();
      await gpu.finished();
      timer.end();
    },
  });
}
