import { Gpu } from "../gpu/gpu.ts";
import { synchronous } from "../gpu/synchronous.ts";
import { noGrad } from "./autograd.ts";
import { withDefaultDevice } from "./default_device.ts";

/**
 * Runs `fn` on a device that has no memory and computes nothing: tensors have shapes and no contents. Needs no
 * adapter and no `init()`. PyTorch: `with torch.device("meta")`.
 *
 * @throws TypeError when `fn` is async.
 */
export function shapesOnly<T>(fn: () => T): T {
  const gpu = new Gpu(emptyDevice() as GPUDevice, {} as GPUAdapterInfo, false);
  const only = () => synchronous("shapesOnly", fn());
  return withDefaultDevice(gpu, () => gpu.dryRun(() => noGrad(only)));
}

/** As much of a device as a dry run uses. */
function emptyDevice() {
  return {
    limits: {
      maxBufferSize: Number.MAX_SAFE_INTEGER,
      maxStorageBufferBindingSize: Number.MAX_SAFE_INTEGER,
      maxComputeWorkgroupsPerDimension: 65535,
      maxComputeWorkgroupStorageSize: 16384,
      maxStorageBuffersPerShaderStage: 8,
      minUniformBufferOffsetAlignment: 256,
    },
    features: new Set(),
    lost: new Promise<GPUDeviceLostInfo>(() => {}),
    addEventListener: () => {},
    createBuffer: ({ size }: GPUBufferDescriptor) => ({ size, destroy: () => {} }),
  } as unknown;
}
