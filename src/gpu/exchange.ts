import type { Command, DeviceCommand, ExchangeCommand } from "./command.ts";
import type { DeviceFailure } from "./device_failure.ts";

/** How an exchange goes. */
export interface ExchangeOptions {
  /** Whether the commands behind it wait for it; else they go on, and the recording ends when it has. Default true. */
  readonly wait?: boolean;
  /** Whether the numbers are written back. Default true. */
  readonly back?: boolean;
}

/** What exchanges need of their device. */
interface ExchangedOn {
  readonly device: GPUDevice;
  readonly failure: DeviceFailure;
}

/** The exchanges of a recording that are under way: visited one after another in the order of their start. */
export class Exchanges {
  /** When the device had come to the last one, in milliseconds of `performance.now()`. */
  reached = 0;
  #last: Promise<void> = Promise.resolve();

  /** None yet. */
  constructor(readonly gpu: ExchangedOn) {}

  /** Reads the numbers as they are after everything submitted so far. */
  start(command: ExchangeCommand): void {
    const { device, failure } = this.gpu;
    const { source, offset, size, staging } = command;
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, offset, staging, 0, size);
    device.queue.submit([encoder.finish()]);
    const mapped = staging.mapAsync(1).catch((error) =>
      failure.unanswered(error, "reading from the device")
    );
    // Whoever waits for the end hears of a failure.
    mapped.catch(() => {});
    this.#last = this.#finish(command, this.#last, mapped);
    this.#last.catch(() => {});
  }

  /** Waits for all that are under way. */
  settled(): Promise<void> {
    return this.#last;
  }

  async #finish(command: ExchangeCommand, before: Promise<void>, mapped: Promise<void>) {
    mapped.then(() => this.reached = performance.now(), () => {});
    await before;
    await mapped;
    const { staging, values, visit, back, source, offset } = command;
    values.set(new Float32Array(staging.getMappedRange()));
    staging.unmap();
    await visit(values);
    if (back) this.gpu.device.queue.writeBuffer(source, offset, values);
  }
}

/**
 * Runs for the first time what was recorded. What comes before the first exchange is queued already; the rest has waited for
 * the recording's end.
 *
 * @param queue takes a command
 */
export async function runRecorded(
  gpu: ExchangedOn & { flush(): Promise<void> },
  recorded: { readonly commands: readonly Command[]; readonly exchanges: number },
  queue: (command: DeviceCommand) => void,
): Promise<void> {
  await gpu.flush();
  if (recorded.exchanges === 0) return;
  const exchanges = new Exchanges(gpu);
  const first = recorded.commands.findIndex(({ kind }) => kind === "exchange");
  for (const command of recorded.commands.slice(first)) {
    if (command.kind !== "exchange") {
      queue(command);
      continue;
    }
    await gpu.flush();
    exchanges.start(command);
    if (command.wait) await exchanges.settled();
  }
  await gpu.flush();
  await exchanges.settled();
}
