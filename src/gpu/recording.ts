import {
  type Command,
  type DeviceCommand,
  encode,
  encodeTransfer,
  type ExchangeCommand,
} from "./command.ts";
import type { DeviceFailure } from "./device_failure.ts";
import { Exchanges } from "./exchange.ts";
import { GpuError } from "./gpu_error.ts";

const BATCH = 1024;

/** What a recording needs of its `Gpu`. */
interface RecordedOn {
  /** The device. */
  readonly device: GPUDevice;
  /** What ended the device's work, if anything did. */
  readonly failure: DeviceFailure;
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
  /** The commands up to each exchange, and those behind the last one. */
  #stretches: Stretch[] | null = null;

  /** Milliseconds that the device was idle at the end of the last replay, for exchanges to end. */
  idleMilliseconds = 0;
  /** Exchanges per replay; where there are any, {@linkcode Recording.replayExchanging} replays it. */
  readonly exchanges: number;

  /** Made by `Gpu.record`. */
  constructor(
    readonly gpu: RecordedOn,
    readonly commands: readonly Command[],
    readonly release: () => void,
  ) {
    this.exchanges = commands.filter(({ kind }) => kind === "exchange").length;
  }

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
    this.#refuseDisposed();
    if (this.exchanges > 0) throw new GpuError("replay() of a recording with exchanges");
    return this.#submit(this.commands as readonly DeviceCommand[]);
  }

  /**
   * Submits the list again as {@linkcode Recording.replay} does, cut where numbers go through the host, and waits for these.
   *
   * @returns milliseconds of JavaScript that encoding took
   * @throws GpuError when the recording was disposed.
   */
  async replayExchanging(): Promise<number> {
    this.#refuseDisposed();
    this.#stretches ??= stretches(this.commands);
    const exchanges = new Exchanges(this.gpu);
    let milliseconds = 0;
    for (const { commands, exchange } of this.#stretches) {
      if (commands.length > 0) milliseconds += this.#submit(commands);
      if (!exchange) continue;
      exchanges.start(exchange);
      // Else earlier exchanges go on while the device is at the next stretch.
      await (exchange.wait ? exchanges.settled() : turn());
    }
    await exchanges.settled();
    if (this.exchanges > 0) this.idleMilliseconds = performance.now() - exchanges.reached;
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
    const own = this.commands.filter((each) => each.kind !== "exchange");
    const totals = new Map<string, { dispatches: number; nanoseconds: number }>();
    const querySet = device.createQuerySet({ type: "timestamp", count: 2 * BATCH });
    try {
      for (let start = 0; start < own.length; start += BATCH) {
        const commands = own.slice(start, start + BATCH);
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

  #submit(commands: readonly DeviceCommand[]): number {
    this.gpu.flushNow();
    const start = performance.now();
    const encoder = this.gpu.device.createCommandEncoder();
    encode(encoder, commands);
    const buffer = encoder.finish();
    const milliseconds = performance.now() - start;
    this.gpu.device.queue.submit([buffer]);
    this.gpu.check();
    return milliseconds;
  }

  #refuseDisposed(): void {
    if (this.#disposed) throw new GpuError("replay() of a recording that was disposed");
  }

  /** Releases the pinned buffers. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.gpu.flushNow();
    this.release();
  }
}

/** Commands that run without the host, and the exchange behind them. */
interface Stretch {
  readonly commands: DeviceCommand[];
  exchange: ExchangeCommand | null;
}

function stretches(commands: readonly Command[]): Stretch[] {
  const found: Stretch[] = [{ commands: [], exchange: null }];
  for (const command of commands) {
    const last = found.at(-1)!;
    if (command.kind !== "exchange") last.commands.push(command);
    else {
      last.exchange = command;
      found.push({ commands: [], exchange: null });
    }
  }
  return found;
}

/** Lets read-backs and what waits for them run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

async function timeCommands(
  device: GPUDevice,
  querySet: GPUQuerySet,
  commands: readonly DeviceCommand[],
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
  commands: readonly DeviceCommand[],
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
