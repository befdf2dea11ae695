import { assertEquals } from "@std/assert";
import type { Gpu } from "../../src/gpu/gpu.ts";
import { EpochClock } from "../../src/train/metrics/epoch_clock.ts";
import { RunAhead } from "../../src/train/run_ahead.ts";
import { device } from "../helpers.ts";
import { openRun } from "./helpers.ts";
import { inTempDir } from "../temp_dir.ts";

/** A host that submits steps of some milliseconds each as fast as it may, and a device that does none by itself. */
class Host {
  submitted = 0;
  readonly #marks: (() => void)[] = [];
  #now = 0;
  #ahead: RunAhead;

  constructor(readonly milliseconds: number) {
    const onSubmittedWorkDone = () =>
      new Promise<undefined>((resolve) => this.#marks.push(() => resolve(undefined)));
    const gpu = { device: { queue: { onSubmittedWorkDone } }, check() {} };
    this.#ahead = new RunAhead(gpu as unknown as Gpu, () => this.#now);
  }

  async run(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++) {
      this.submitted++;
      this.#now += this.milliseconds;
      await this.#ahead.pace();
    }
  }

  /** The device reaches the next mark; returns what is submitted after that. */
  async finishGroup(): Promise<number> {
    this.#marks.shift()?.();
    await new Promise((resolve) => setTimeout(resolve));
    return this.submitted;
  }
}

Deno.test("RunAhead never has more than two groups of four long steps under way", async () => {
  const host = new Host(100);
  const run = host.run(20);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(host.submitted, 8);
  assertEquals(await host.finishGroup(), 12);
  assertEquals(await host.finishGroup(), 16);
  assertEquals(await host.finishGroup(), 20);
  await host.finishGroup();
  await run;
});

Deno.test("RunAhead does not wait for the steps that were just submitted", async () => {
  const host = new Host(100);
  await host.run(7);
  assertEquals(host.submitted, 7);
});

Deno.test("RunAhead bounds short steps by what the device does in 250 ms", async () => {
  const host = new Host(2);
  const run = host.run(4 + 125 + 125 + 10);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(host.submitted, 4 + 125);
  assertEquals(await host.finishGroup(), 4 + 125 + 125);
  assertEquals(await host.finishGroup(), 4 + 125 + 125 + 10);
  await run;
});

Deno.test("Trainer has RunAhead pace every step", async () => {
  const gpu = await device();
  const { pace } = RunAhead.prototype;
  let paced = 0;
  RunAhead.prototype.pace = function () {
    paced++;
    return pace.call(this);
  };
  try {
    await inTempDir(async (folder) => {
      const { run } = await openRun(gpu, folder, ["DISTILLER.TYPE", "NONE", "SOLVER.EPOCHS", "1"]);
      await run.train();
      run.dispose();
    });
  } finally {
    RunAhead.prototype.pace = pace;
  }
  assertEquals(paced, 5);
});

Deno.test("EpochClock counts the images of finished steps, not of submitted ones", () => {
  let now = 0;
  const clock = new EpochClock(() => now);
  clock.countStep(1);
  now = 1000;
  clock.countFinished(1, 8);
  assertEquals(clock.imagesPerSecond(8), 8);
  for (let i = 0; i < 99; i++) clock.countStep(1);
  now = 3000;
  clock.countFinished(7, 53);
  assertEquals(clock.imagesPerSecond(8), 15);
});
