import { driverError, type MemoryAccount } from "./buffer_pool.ts";
import { GpuError } from "./gpu_error.ts";

/** Milliseconds that a device may take to say that it is lost, after what was under way has failed. */
const LOST_MS = 500;

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** What ended a device's work, if anything did: the first error that it reported, or that it was lost. */
export class DeviceFailure {
  #error: GpuError | null = null;
  #expected = false;

  /** Listens to the device from now on. */
  constructor(readonly device: GPUDevice, account: MemoryAccount) {
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      const { error } = event as GPUUncapturedErrorEvent;
      this.set(driverError(error.message, error.constructor.name, account));
    });
    device.lost.then((lost) => {
      if (this.#expected) return;
      const why = lost.message ? `: ${lost.message}` : "";
      this.set(driverError(`the device was lost${why}`, "", account));
    });
  }

  /** Whether the device has failed. */
  get failed(): boolean {
    return this.#error !== null;
  }

  /** Makes an error what ended the work, unless something has before; returns what did. */
  set(error: GpuError): GpuError {
    return this.#error ??= error;
  }

  /**
   * Ends what the device can no longer do.
   *
   * @throws GpuError when the device has failed
   */
  check(): void {
    if (this.#error) throw this.#error;
  }

  /** The device is about to be given up: its loss is no failure. */
  expectLoss(): void {
    this.#expected = true;
  }

  /**
   * Ends a call that the device did not answer, with the reason that the device gives: a lost device's may come late.
   *
   * @param error what the call was answered instead
   * @param doing what was under way, such as `reading from the device`
   * @throws GpuError always
   */
  async unanswered(error: unknown, doing: string): Promise<never> {
    if (!this.failed) await Promise.race([this.device.lost, pause(LOST_MS)]);
    this.check();
    throw new GpuError(`${doing} failed: ${(error as Error).message}`, "device-lost");
  }
}
