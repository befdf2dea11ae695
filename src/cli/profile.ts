import type { TrainStep } from "../train/train_step.ts";

/** Prints time by kernel of one more training step, and the JavaScript time of replaying it. */
export async function printProfile(step: TrainStep): Promise<void> {
  const recording = await step.recorded();
  if (!recording) return;
  const times = await recording.profile();
  console.log(
    `\none step: ${step.dispatches} dispatches, ${step.jsMilliseconds.toFixed(2)} ms of JavaScript`,
  );
  if (times.length === 0) {
    console.log("this adapter has no timestamps; no times by kernel");
    return;
  }
  const total = times.reduce((sum, time) => sum + time.milliseconds, 0);
  console.log(`${total.toFixed(1)} ms on the device:`);
  console.log("      ms   share  dispatches  kernel");
  for (const { name, dispatches, milliseconds } of times) {
    const share = (100 * milliseconds / total).toFixed(1);
    console.log(
      `${milliseconds.toFixed(2).padStart(8)} ${share.padStart(6)}% ${
        String(dispatches).padStart(11)
      }  ${name}`,
    );
  }
}
