import { environment } from "../formats/environment.ts";
import { DEVICE_CHOICES, type DeviceChoice } from "../gpu/adapter.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { init } from "../tensor/default_device.ts";
import { CliError } from "./cli_error.ts";

/** Share of the free memory that the software adapter may take. */
const MEMORY_SHARE = 0.8;

/**
 * Opens the device for a command: `--device` wins over the environment variable `WKD_DEVICE`. The
 * software adapter gets 80 % of the free memory, hardware `WKD_MEMORY_LIMIT_MB` if that is set.
 *
 * @throws CliError for a choice or a limit that does not exist.
 */
export async function openDevice(choice?: string): Promise<Gpu> {
  const wanted = choice ?? environment("WKD_DEVICE") ?? "auto";
  if (!DEVICE_CHOICES.includes(wanted as DeviceChoice)) {
    throw new CliError(
      `there is no device kind ${JSON.stringify(wanted)}; --device and WKD_DEVICE can be ` +
        DEVICE_CHOICES.join(", "),
    );
  }
  const limit = environment("WKD_MEMORY_LIMIT_MB");
  if (limit !== undefined && !(Number(limit) > 0)) {
    throw new CliError(`WKD_MEMORY_LIMIT_MB must be a number of megabytes, not ${limit}`);
  }
  const gpu = await init({ device: wanted as DeviceChoice });
  if (limit !== undefined) gpu.account.limit = Number(limit) * 2 ** 20;
  else if (gpu.software) gpu.account.limit = freeMemory() * MEMORY_SHARE;
  return gpu;
}

function freeMemory(): number {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" });
  return state === "granted" ? Deno.systemMemoryInfo().available : Infinity;
}
