/** One measurement as every engine's process prints it, a JSON object on a line of its own. */
export interface Measurement {
  /** The engine's name, as in the table's heading. */
  engine: string;
  /** The piece of work, one of {@linkcode CASES}. */
  case: string;
  /** Milliseconds a run, without the fixed cost of reading a result back. */
  ms: number;
  /** How many runs the figure is an average of. */
  runs: number;
}

/** The pieces of work, in the order they are run; an engine may leave some out. */
export const CASES = [
  "conv_fwd",
  "conv_grads",
  "conv_fwd_bwd",
  "resnet8_step",
  "wkd_step",
] as const;

/** The name of a piece of work. */
export type Case = typeof CASES[number];

/** A piece of work ready to run: buffers made, parameters initialised. */
export interface Work {
  /** Enqueues one run on the device without waiting for it. */
  run: () => void | Promise<void>;
  /** Waits until the device has done everything enqueued, by reading one value of the last run. */
  settle: () => Promise<void>;
}

const BUDGET_MS = 10_000;
const MAX_RUNS = 50;

/**
 * Times a piece of work: one warm-up (which compiles), one run alone, then as many runs between two
 * reads as fit in about ten seconds. What a read costs on an idle device is taken off.
 */
export async function measure({ run, settle }: Work): Promise<{ ms: number; runs: number }> {
  const timed = async (runs: number): Promise<number> => {
    const start = performance.now();
    for (let i = 0; i < runs; i++) await run();
    await settle();
    return performance.now() - start;
  };
  await timed(1);
  const idle = Math.min(await timed(0), await timed(0));
  const alone = await timed(1) - idle;
  const runs = Math.max(1, Math.min(MAX_RUNS, Math.floor(BUDGET_MS / alone)));
  return { ms: runs === 1 ? alone : (await timed(runs) - idle) / runs, runs };
}

/**
 * Runs the cases named on the command line (all without arguments) that this engine has, and prints a
 * {@linkcode Measurement} for each.
 */
export async function measureCases(
  engine: string,
  works: Partial<Record<Case, () => Work | Promise<Work>>>,
  names: readonly string[],
): Promise<void> {
  for (const name of CASES) {
    const make = works[name];
    if (!make || (names.length > 0 && !names.includes(name))) continue;
    const { ms, runs } = await measure(await make());
    const line: Measurement = { engine, case: name, ms: Number(ms.toFixed(2)), runs };
    console.log(JSON.stringify(line));
  }
}
