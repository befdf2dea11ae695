import type { BufferRange } from "./binder.ts";
import type { DeviceCommand } from "./command.ts";
import type { DeviceFailure } from "./device_failure.ts";

/** What reading back needs of its `Gpu`. */
interface ReadFrom {
  /** The device. */
  readonly device: GPUDevice;
  /** Says why the device does not answer. */
  readonly failure: DeviceFailure;
  /** Submits what is queued. */
  flush(): Promise<void>;
  /** Throws where the device has failed. */
  check(): void;
}

/** Reads bytes back, after everything queued before; `queue` takes the copy. */
export async function readRange(
  gpu: ReadFrom,
  { buffer, offset }: BufferRange,
  bytes: number,
  queue: (command: DeviceCommand) => void,
): Promise<ArrayBuffer> {
  const size = Math.max(4, Math.ceil(bytes / 4) * 4);
  const staging = gpu.device.createBuffer({ size, usage: 0x01 | 0x08 }); // MAP_READ | COPY_DST
  try {
    // Queued now: whoever frees or overwrites the source before this resolves comes after.
    queue({
      ...{ kind: "copy", source: buffer, sourceOffset: offset },
      ...{ target: staging, targetOffset: 0, size },
    });
    await gpu.flush();
    await staging.mapAsync(1).catch((error) =>
      gpu.failure.unanswered(error, "reading from the device")
    );
    const result = staging.getMappedRange().slice(0, bytes);
    gpu.check();
    return result;
  } finally {
    staging.destroy();
  }
}
