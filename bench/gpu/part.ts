/**
 * One part of `bench:gpu` in a process of its own, so that a part that fails takes no other with it: prints a JSON object a line
 * as it measures. `part.ts NAME SECONDS [--small] [--tune] [--device KIND]`
 */
import { TuningFile } from "../../src/cli/device/tuning_file.ts";
import { DEVICE_CHOICES, type DeviceChoice, SIZE_LIMITS } from "../../src/gpu/adapter.ts";
import { init } from "../../src/tensor/default_device.ts";
import { checks } from "./kernel_checks.ts";
import { bandwidth, convolutions, products } from "./kernels.ts";
import type { Part } from "./measure.ts";
import { cardPeak } from "./peaks.ts";
import { steps } from "./steps.ts";

/** What the card is and what can be had of it. */
const device: Part = async function* (gpu, { small }) {
  const { info, software, subgroups } = gpu;
  const { limits, features } = gpu.device;
  const facts = {
    adapter: info.description || info.device || info.vendor,
    kind: software ? "software" : "hardware",
    driver: new TuningFile(gpu).driver || "not known",
    features: [...features].filter((name) => /shader-f16|timestamp|subgroups/.test(name)).join(),
    subgroups: subgroups.size,
    ...Object.fromEntries(SIZE_LIMITS.map((name) => [name, limits[name]])),
  };
  for (const [fact, value] of Object.entries(facts)) yield { fact, value };
  for (const [fact, value] of Object.entries(await cardPeak(gpu, small))) yield { fact, value };
};

const PARTS: Readonly<Record<string, Part>> = {
  device,
  checks,
  products,
  convolutions,
  bandwidth,
  steps,
};

const [name, seconds] = Deno.args;
const flag = (word: string) => Deno.args.includes(word);
const choice = Deno.args[Deno.args.indexOf("--device") + 1];
const end = performance.now() + 1000 * Number(seconds);
const gpu = await init({
  device: DEVICE_CHOICES.includes(choice as DeviceChoice) ? choice as DeviceChoice : "auto",
});
const limit = Number(Deno.env.get("WKD_MEMORY_LIMIT_MB"));
if (limit > 0) gpu.account.limit = limit * 2 ** 20;
const tune = flag("--tune");
if (tune) gpu.tuning.turnOn(new TuningFile(gpu));
const due = () => performance.now() > end;
for await (const row of PARTS[name](gpu, { small: flag("--small"), tune, due })) {
  console.log(JSON.stringify(row));
}
Deno.exit(0);
