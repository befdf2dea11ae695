import { assertAlmostEquals, assertEquals } from "@std/assert";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { buildSchedule } from "../../src/optim/registry.ts";
import { multiStepLr } from "../../src/optim/schedules.ts";
import { REFERENCE } from "./reference.ts";

Deno.test("multiStepLr() takes effect in the epoch after a stage, as mdistiller's", () => {
  const lr = (epoch: number) => multiStepLr(0.05, [150, 180, 210], 0.1, epoch);
  const expected = [[1, 0.05], [150, 0.05], [151, 5e-3], [180, 5e-3], [181, 5e-4], [211, 5e-5]];
  for (const [epoch, value] of expected) assertAlmostEquals(lr(epoch), value, 1e-12);
});

Deno.test("multiStepLr() without stages stays where it is", () => {
  assertAlmostEquals(multiStepLr(0.3, [], 0.1, 1000), 0.3, 1e-12);
});

const STEPS_PER_EPOCH = 10;

/** Learning rates of every step of eight epochs. */
function rates(...overrides: string[]): number[] {
  const { SOLVER } = resolveConfig("", "x", [
    ...["SOLVER.LR", "0.3", "SOLVER.EPOCHS", "8", "SOLVER.LR_DECAY_STAGES", "[3, 6]"],
    ...overrides,
  ]);
  const schedule = buildSchedule(SOLVER);
  return Array.from({ length: 8 * STEPS_PER_EPOCH }, (_, i) => {
    const [epoch, step] = [1 + Math.floor(i / STEPS_PER_EPOCH), i % STEPS_PER_EPOCH];
    return schedule({ epoch, step, stepsPerEpoch: STEPS_PER_EPOCH, epochs: 8 });
  });
}

function assertRates(found: readonly number[], expected: readonly number[]): void {
  assertEquals(found.length, expected.length);
  found.forEach((value, i) => assertAlmostEquals(value, expected[i], 1e-9, `step ${i}`));
}

const { schedules } = REFERENCE;

Deno.test("SOLVER.LR_SCHEDULE step is torch's MultiStepLR, epoch by epoch", () => {
  const expected = schedules["steps by epoch"];
  assertRates(rates(), Array.from({ length: 80 }, (_, i) => expected[Math.floor(i / 10)]));
});

Deno.test("SOLVER.LR_SCHEDULE cosine is torch's CosineAnnealingLR, step by step", () => {
  const cosine = ["SOLVER.LR_SCHEDULE", "cosine", "SOLVER.LR_MIN", "0.01"];
  assertRates(rates(...cosine), schedules.cosine);
});

Deno.test("SOLVER.WARMUP_EPOCHS is torch's LinearLR in front of a schedule", () => {
  const cosine = ["SOLVER.LR_SCHEDULE", "cosine", "SOLVER.LR_MIN", "0.01"];
  const warm = ["SOLVER.WARMUP_EPOCHS", "2", "SOLVER.WARMUP_START_FACTOR", "0.1"];
  const expected = schedules["cosine with warm-up"];
  assertRates(rates(...cosine, ...warm), expected);
  // The authors' steps are counted from the run's start.
  const steps = rates(...warm);
  assertRates(steps.slice(0, 20), expected.slice(0, 20));
  assertRates(steps.slice(20), rates().slice(20));
  // Parts of an epoch, too.
  const short = rates("SOLVER.WARMUP_EPOCHS", "0.5");
  assertRates(short.slice(0, 6), [0, 1, 2, 3, 4, 5].map((i) => 0.3 * (0.01 + 0.99 * i / 5)));
});

Deno.test("a warm-up that lasts the whole run leaves nothing to a cosine", () => {
  const whole = rates("SOLVER.LR_SCHEDULE", "cosine", "SOLVER.WARMUP_EPOCHS", "9");
  assertEquals(whole.every((lr, i) => i === 0 || lr > whole[i - 1]), true);
});
