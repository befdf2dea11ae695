import probeCode from "../../kernels/probe/subgroups.wgsl" with { type: "text" };
import { NO_SUBGROUPS, type Subgroups } from "./kernel.ts";
import { expandTemplate } from "./template.ts";

const THREADS = 64;

/** 64-bit integers in kernels, as Deno calls them; standard WGSL has none. */
export const INT64 = "wgpu-shader-int64" as GPUFeatureName;

/**
 * Opens a device with subgroups, or without where they are refused. Deno does not list the feature, but grants it.
 *
 * @param wanted false does not ask for them
 * @param software also asks for 64-bit integers, which only the kernels of software adapters use
 */
export async function requestDevice(
  adapter: GPUAdapter,
  descriptor: GPUDeviceDescriptor,
  wanted: boolean,
  software: boolean,
): Promise<{ device: GPUDevice; subgroups: Subgroups }> {
  const subgroups = "subgroups" as GPUFeatureName;
  for (const more of !wanted ? [] : software ? [[subgroups, INT64], [subgroups]] : [[subgroups]]) {
    const requiredFeatures = [...descriptor.requiredFeatures ?? [], ...more];
    const device = await adapter.requestDevice({ ...descriptor, requiredFeatures })
      .catch(() => null);
    if (device) return { device, subgroups: await findSubgroups(device, adapter.info) };
  }
  return { device: await adapter.requestDevice(descriptor), subgroups: NO_SUBGROUPS };
}

/**
 * How kernels may use subgroups: what the compiler takes is tried, and whether neighbouring threads share one, which
 * WebGPU does not promise.
 */
async function findSubgroups(device: GPUDevice, info: GPUAdapterInfo): Promise<Subgroups> {
  const { subgroupMinSize = 1 } = info as { subgroupMinSize?: number };
  const size = Math.min(2 ** Math.floor(Math.log2(Math.max(subgroupMinSize, 1))), THREADS);
  if (size === 1) return NO_SUBGROUPS;
  const { text } = expandTemplate(probeCode, { SUBGROUP: size });
  // naga, the compiler of Deno, refuses the line that other compilers want.
  for (const enable of [true, false]) {
    const code = enable ? `enable subgroups;\n${text}` : text;
    if (await exchanges(device, code)) return { size, enable };
  }
  return NO_SUBGROUPS;
}

/** Whether the probe compiles, and finds every thread where it is expected. */
async function exchanges(device: GPUDevice, code: string): Promise<boolean> {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label: "subgroups", code });
  if (await device.popErrorScope()) return false;
  const bytes = 4 * THREADS;
  const wrong = device.createBuffer({ size: bytes, usage: 0x80 | 0x04 }); // STORAGE | COPY_SRC
  const staging = device.createBuffer({ size: bytes, usage: 0x01 | 0x08 }); // MAP_READ | COPY_DST
  try {
    const pipeline = await device.createComputePipelineAsync({
      layout: "auto",
      compute: { module, entryPoint: "main" },
    });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(
      0,
      device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [{ binding: 0, resource: { buffer: wrong } }],
      }),
    );
    pass.dispatchWorkgroups(1);
    pass.end();
    encoder.copyBufferToBuffer(wrong, 0, staging, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(1);
    return new Uint32Array(staging.getMappedRange()).every((count) => count === 0);
  } catch {
    return false;
  } finally {
    wrong.destroy();
    staging.destroy();
  }
}
