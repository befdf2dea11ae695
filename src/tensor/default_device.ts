import { type DeviceOptions, openDevice } from "../gpu/adapter.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { synchronous } from "../gpu/synchronous.ts";

let current: Gpu | null = null;

/**
 * Opens the device that tensors are made on; call it once before anything else.
 *
 * @throws GpuError when there is no adapter.
 */
export async function init(options: DeviceOptions = {}): Promise<Gpu> {
  current ??= await openDevice(options);
  return current;
}

/** Makes `gpu` the device that tensors are made on; null forgets it. */
export function setDefaultDevice(gpu: Gpu | null): void {
  current = gpu;
}

/**
 * Runs `fn` with `gpu` as the device that tensors are made on.
 *
 * @throws TypeError when `fn` is async.
 */
export function withDefaultDevice<T>(gpu: Gpu, fn: () => T): T {
  const outer = current;
  current = gpu;
  try {
    return synchronous("withDefaultDevice", fn());
  } finally {
    current = outer;
  }
}

/**
 * The device that tensors are made on.
 *
 * @throws Error before {@linkcode init}.
 */
export function defaultDevice(): Gpu {
  if (!current) throw new Error("no device: call `await init()` first");
  return current;
}
