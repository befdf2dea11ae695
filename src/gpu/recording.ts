import { type Command, encode, encodeTransfer } from "./command.ts";
import { GpuError } from "./gpu_error.ts";

const BATCH = 1024;

/** What a recording needs of its `Gpu`. */
interface RecordedOn {
  /** The device. */
  readonly device: GPUDevice;
  /** Submits what is queued. */
  flushNow(): void;
  /** Throws where the device has failed. */
  check(): void;
}

/** Time of one kernel over a profiled replay. */
interface KernelTime {
  /** The kernel's name with its template values. */
  readonly name: string;
  /** How often it ran. */
  readonly dispatches: number;
  /** What all its runs took. */
  readonly milliseconds: number;
}

/**
 * A list of commands that was run once and can be run again, with the buffers it uses pinned.
 * Replaying costs a few microseconds of JavaScript per dispatch and allocates nothing.
 */
export class Recording {
  #disposed = false;

  /** Made by `Gpu.record`. */
  constructor(
    readonly gpu: RecordedOn,
    readonly commands: readonly Command[],
    readonly release: () => void,
  ) {}

  /** Both after one another as one, which is submitted at once; it lives as long as they do. */
  static join(first: Recording, second: Recording): Recording {
    return new Recording(first.gpu, [...first.commands, ...second.commands], () => {});
  }

  /** Dispatches per replay. */
  get dispatches(): number {
    return this.commands.filter((command) => command.kind === "dispatch").length;
  }

  /**
   * Submits the whole list again, after everything submitted before.
   *
   * @returns milliseconds of JavaScript that encoding took (drivers may make `submit` itself wait)
   * @throws GpuError when the recording was disposed.
   */
  replay(): number {
    if (this.#disposed) throw new GpuError("replay() of a recording that was disposed");
    this.gpu.flushNow();
    const start = performance.now();
    const encoder = this.gpu.device.createCommandEncoder();
    encode(encoder, this.commands);
    const buffer = encoder.finish();
    const milliseconds = performance.now() - start;
    this.gpu.device.queue.submit([buffer]);
    this.gpu.check();
    return milliseconds;
  }

  /**
   * Replays once with a timestamp around every dispatch.
   *
   * @returns time per kernel, longest first; empty when the adapter has no `timestamp-query`.
   */
  async profile(): Promise<KernelTime[]> {
    const { device } = this.gpu;
    if (!device.features.has("timestamp-query")) return [];
    this.gpu.flushNow();
    const totals = new Map<string, { dispatches: number; nanoseconds: number }>();
    const querySet = device.createQuerySet({ type: "timestamp", count: 2 * BATCH });
    try {
      for (let start = 0; start < this.commands.length; start += BATCH) {
        const commands = this.commands.slice(start, start + BATCH);
        const stamps = await timeCommands(device, querySet, commands);
        commands.forEach((command, i) => {
          if (command.kind !== "dispatch") return;
          const total = totals.get(command.entry.name) ?? { dispatches: 0, nanoseconds: 0 };
          total.dispatches++;
          total.nanoseconds += Number(stamps[2 * i + 1] - stamps[2 * i]);
          totals.set(command.entry.name, total);
        });
      }
    } finally {
      querySet.destroy();
    }
    return [...totals]
      .map(([name, t]) => ({
        name,
        dispatches: t.dispatches,
        milliseconds: t.nanoseconds / 1e6,
      }))
      .sort((a, b) => b.milliseconds - a.milliseconds);
  }

  /** Releases the pinned buffers. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.gpu.flushNow();
    this.release();
  }
}

async function timeCommands(
  device: GPUDevice,
  querySet: GPUQuerySet,
  commands: readonly Command[],
): Promise<BigUint64Array> {
  const bytes = 16 * commands.length;
  const resolved = device.createBuffer({ size: bytes, usage: 0x200 | 0x04 }); // QUERY_RESOLVE | COPY_SRC
  const staging = device.createBuffer({ size: bytes, usage: 0x01 | 0x08 }); // MAP_READ | COPY_DST
  try {
    const encoder = device.createCommandEncoder();
    encodeTimed(encoder, querySet, commands);
    encoder.resolveQuerySet(querySet, 0, 2 * commands.length, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(1);
    return new BigUint64Array(staging.getMappedRange().slice(0));
  } finally {
    staging.destroy();
    resolved.destroy();
  }
}

/** A pass for every dispatch, with stamps 2 i and 2 i + 1 at its ends. */
function encodeTimed(
  encoder: GPUCommandEncoder,
  querySet: GPUQuerySet,
  commands: readonly Command[],
): void {
  commands.forEach((command, i) => {
    if (command.kind !== "dispatch") return encodeTransfer(encoder, command);
    const pass = encoder.beginComputePass({
      timestampWrites: {
        querySet,
        beginningOfPassWriteIndex: 2 * i,
        endOfPassWriteIndex: 2 * i + 1,
      },
    });
    pass.setPipeline(command.entry.pipeline!);
    pass.setBindGroup(0, command.bindGroup);
    pass.dispatchWorkgroups(...command.workgroups);
    pass.end();
  });
}
