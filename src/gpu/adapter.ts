import { Gpu } from "./gpu.ts";
import { GpuError } from "./gpu_error.ts";
import { NO_SUBGROUPS } from "./kernel.ts";
import { requestDevice } from "./subgroups.ts";

/** Which adapter to take and how much of it. */
export interface DeviceOptions {
  /** `auto` takes hardware before software; the others insist. Default `auto`. */
  device?: DeviceChoice;
  /** Bytes that may be allocated on the device. Default: no limit of our own. */
  memoryLimit?: number;
  /** Whether kernels use subgroups where the adapter has them; results are the same but for rounding. Default: all but browsers on software adapters. */
  subgroups?: boolean;
}

/** Kind of adapter. */
export type DeviceChoice = "auto" | "hardware" | "software";

/** The choices {@linkcode openDevice} knows. */
export const DEVICE_CHOICES: readonly DeviceChoice[] = ["auto", "hardware", "software"];

/** The limits of an adapter that decide which sizes work. */
export const SIZE_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxUniformBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupsPerDimension",
] as const;

const RAISED_LIMITS = [
  ...SIZE_LIMITS,
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
] as const;

const LOWERED_LIMITS = [
  "minUniformBufferOffsetAlignment",
  "minStorageBufferOffsetAlignment",
] as const;

/** Threads that llvmpipe gets for each core. */
const SOFTWARE_THREADS = 2;

const WANTED_FEATURES = ["timestamp-query", "shader-f16"] as const;

/**
 * Opens a WebGPU device with the limits the adapter has.
 *
 * @throws GpuError when there is no WebGPU, no adapter, or none of the kind asked for.
 */
export async function openDevice(options: DeviceOptions = {}): Promise<Gpu> {
  const choice = options.device ?? "auto";
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (!gpu) {
    throw new GpuError(
      "this runtime has no WebGPU; use Deno 2.9 or later, or a browser that has it",
      "no-adapter",
    );
  }
  divideSoftwareWork();
  const adapter = await chooseAdapter(gpu, choice);
  const requiredLimits: Record<string, number> = {};
  const limits = adapter.limits as unknown as Record<string, number>;
  for (const name of [...RAISED_LIMITS, ...LOWERED_LIMITS]) {
    if (limits[name] !== undefined) requiredLimits[name] = limits[name];
  }
  const requiredFeatures = WANTED_FEATURES.filter((name) =>
    adapter.features.has(name as GPUFeatureName)
  ) as GPUFeatureName[];
  const software = isSoftware(adapter);
  const { device, subgroups } = await requestDevice(
    adapter,
    { requiredLimits, requiredFeatures },
    options.subgroups ?? true,
    software,
  );
  // Browsers' compilers want proof that the threads of a subgroup stay together, which the kernels of software adapters do not give.
  const unproven = software && subgroups.enable && options.subgroups === undefined;
  return new Gpu(
    device,
    adapter.info,
    software,
    options.memoryLimit,
    unproven ? NO_SUBGROUPS : subgroups,
  );
}

/**
 * Has llvmpipe, which cuts every dispatch into equal parts for its threads, one a core, cut them smaller: else all cores wait for the
 * one that began last. It reads the variable when it is loaded. Whoever has set it, or does not let it be set, is left alone.
 */
function divideSoftwareWork(): void {
  const variable = "LP_NUM_THREADS";
  const { Deno: deno, navigator } = globalThis as { Deno?: typeof Deno; navigator: Navigator };
  const mayChange = deno?.permissions.querySync({ name: "env", variable }).state === "granted";
  if (!mayChange || deno.env.get(variable) !== undefined) return;
  deno.env.set(variable, String(SOFTWARE_THREADS * navigator.hardwareConcurrency));
}

async function chooseAdapter(gpu: GPU, choice: DeviceChoice): Promise<GPUAdapter> {
  const hardware = choice === "software"
    ? null
    : await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (hardware && (choice === "auto" || !isSoftware(hardware))) return hardware;
  if (choice === "hardware") {
    const found = hardware ? `only ${hardware.info.description || "a software adapter"}` : "none";
    throw new GpuError(`no hardware adapter (found ${found})`, "no-adapter");
  }
  const software = await gpu.requestAdapter({ forceFallbackAdapter: true }) ??
    await gpu.requestAdapter();
  if (software && (choice === "auto" || isSoftware(software))) return software;
  throw new GpuError("no WebGPU adapter", "no-adapter");
}

/** Whether an adapter runs kernels on the CPU. */
function isSoftware(adapter: GPUAdapter): boolean {
  const { info } = adapter;
  if ((info as { isFallbackAdapter?: boolean }).isFallbackAdapter) return true;
  return /llvmpipe|lavapipe|swiftshader|software|warp|basic render/i.test(
    `${info.vendor} ${info.architecture} ${info.device} ${info.description}`,
  );
}
