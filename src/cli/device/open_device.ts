import type { DatasetCallbacks } from "../../data/dataset_config.ts";
import { UserError } from "../../errors.ts";
import { environment, granted } from "../../formats/environment.ts";
import { DEVICE_CHOICES, type DeviceChoice } from "../../gpu/adapter.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import { joinedGroup } from "../../parallel/open_group.ts";
import { init } from "../../tensor/default_device.ts";
import { settleRankDevice } from "../rank_device.ts";
import { type CountBar, countBar } from "../terminal/count_bar.ts";
import { note, warn } from "../terminal/notes.ts";
import { TuningFile } from "./tuning_file.ts";

/** Share of the free memory that the software adapter may take. */
const MEMORY_SHARE = 0.8;
/** The sizes of subgroups that wgpu gives an adapter that does not say its own, as those of OpenGL never do. */
const UNKNOWN_SUBGROUPS = [4, 128];

/**
 * Opens the device for a command: `--device` wins over the environment variable `WKD_DEVICE`. The
 * software adapter gets 80 % of the free memory, divided among the ranks of this host, hardware `WKD_MEMORY_LIMIT_MB` if that is set.
 *
 * @throws UserError for a choice or a limit that does not exist.
 */
export async function openDevice(choice?: string): Promise<Gpu> {
  const wanted = choice ?? environment("WKD_DEVICE") ?? "auto";
  if (!DEVICE_CHOICES.includes(wanted as DeviceChoice)) {
    throw new UserError(
      `there is no device kind ${JSON.stringify(wanted)}; --device and WKD_DEVICE can be ` +
        DEVICE_CHOICES.join(", "),
    );
  }
  const limit = environment("WKD_MEMORY_LIMIT_MB");
  if (limit !== undefined && !(Number(limit) > 0)) {
    throw new UserError(`WKD_MEMORY_LIMIT_MB must be a number of megabytes, not ${limit}`);
  }
  await settleRankDevice(wanted);
  const gpu = await init({ device: wanted as DeviceChoice });
  if (limit !== undefined) gpu.account.limit = Number(limit) * 2 ** 20;
  else if (gpu.software) {
    gpu.account.limit = freeMemory() * MEMORY_SHARE / (joinedGroup()?.localSize ?? 1);
  }
  return gpu;
}

/**
 * Opens the device for a command that computes for long, and tells where Deno fell back to OpenGL.
 *
 * @param tune whether variants of kernels are timed for new shapes, and the choices kept in a file; default on hardware
 * @throws UserError as {@linkcode openDevice} does
 */
export async function openComputeDevice(choice?: string, tune?: boolean): Promise<Gpu> {
  const gpu = await openDevice(choice);
  if (tune ?? !gpu.software) gpu.tuning.turnOn(new TuningFile(gpu));
  else gpu.tuning.turnOff();
  if (runsOnOpenGl(gpu)) {
    warn(
      "Deno found no Vulkan driver and fell back to OpenGL, where kernels compile many times as slowly and " +
        "SOLVER.AMP does not work; sh setup.sh installs one",
    );
  }
  return gpu;
}

/** Whether kernels run on OpenGL, for want of Vulkan; on other systems than Linux there is no such choice. */
export function runsOnOpenGl({ info, half }: Pick<Gpu, "info" | "half">): boolean {
  const { subgroupMinSize, subgroupMaxSize } = info as GPUAdapterInfo & {
    subgroupMinSize?: number;
    subgroupMaxSize?: number;
  };
  return Deno.build.os === "linux" && !half && subgroupMinSize === UNKNOWN_SUBGROUPS[0] &&
    subgroupMaxSize === UNKNOWN_SUBGROUPS[1];
}

/** What a command to go on with says of tuning, as it was said. */
export function tuneWords(tune: boolean | undefined): string[] {
  return tune === undefined ? [] : [tune ? "--tune" : "--no-tune"];
}

function freeMemory(): number {
  return granted({ name: "sys", kind: "systemMemoryInfo" })
    ? Deno.systemMemoryInfo().available
    : Infinity;
}

/** Tells on standard error that a data set is made ready, which can take a while, and what goes wrong with it. */
export function datasetCallbacks(): DatasetCallbacks {
  let bar: CountBar | null = null;
  return {
    onProgress: (done, total, what) => {
      if (done === 0) {
        note(`reading ${total.toLocaleString("en-US")} ${what}`);
        bar = countBar("reading", what);
      }
      bar?.update(done, total);
      if (done === total) bar?.clear();
    },
    onNote: (message) => {
      bar?.clear();
      note(message);
    },
    onWarning: (message) => {
      bar?.clear();
      warn(message);
    },
  };
}
