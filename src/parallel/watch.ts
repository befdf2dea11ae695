import { addressOf } from "./address.ts";
import { libc, parentOf } from "./dynamic_library.ts";
import type { MpiLibrary } from "./mpi_library.ts";
import type { Request, Transfers } from "./transfers.ts";

const TAG = 2;
/** Milliseconds between two beats. */
const BEAT_MS = 500;
/** Milliseconds between two checks, which cost a few calls of the system. */
const CHECK_MS = 200;
/** Milliseconds without a beat after which a rank is taken for dead. */
const DEAD_MS = 4000;
/** Milliseconds between two looks after which it was this process that slept. */
const SLEPT_MS = 1500;
/** Milliseconds that the end waits for what is still under way. */
const END_MS = 2000;

/** What a beat says. */
const [ALIVE, BYE] = [1, 2];

/** The process that started this one, and the one that started that: a task does so by way of a shell. */
function ancestors(): string {
  const parent = libc().getppid();
  return `${parent} ${parentOf(parent)}`;
}

/**
 * Sees that the other ranks are alive where neither the launcher nor MPI does: each rank sends its successor a byte twice a
 * second, and ends all where the one before it is silent for four, or where the process that started it is gone.
 */
export class Watch {
  readonly #ancestors = ancestors();
  readonly #out = new Uint8Array([ALIVE]);
  readonly #in = new Uint8Array(1);
  readonly #next: number;
  readonly #previous: number;
  #sent: Request | null = null;
  #received: Request | null = null;
  #beat = 0;
  #checked = 0;
  #heard = performance.now();
  #looked = performance.now();
  #left = false;

  /** `onSlept`: told where this process was suspended. */
  constructor(
    readonly mpi: MpiLibrary,
    readonly transfers: Transfers,
    readonly onSlept: () => void,
  ) {
    const { rank, size } = transfers;
    [this.#next, this.#previous] = [(rank + 1) % size, (rank + size - 1) % size];
    if (size > 1) this.#listen();
  }

  /** To be called a few times a second. */
  look(): void {
    const now = performance.now();
    // A suspended job has heard nobody, but its others are no more dead than it is.
    if (now - this.#looked > SLEPT_MS) {
      this.#heard = now;
      this.onSlept();
    }
    this.#looked = now;
    if (now - this.#checked < CHECK_MS) return;
    this.#checked = now;
    this.#hear(now);
    if (ancestors() !== this.#ancestors) this.#abort("the process that started it is gone");
    if (this.transfers.size === 1 || this.#left) return;
    if (now - this.#heard > DEAD_MS) {
      const seconds = ((now - this.#heard) / 1000).toFixed(1);
      this.#abort(`rank ${this.#previous} has given no sign of life for ${seconds} s`);
    }
    if (now - this.#beat >= BEAT_MS && (!this.#sent || this.transfers.ended(this.#sent))) {
      this.#beat = now;
      this.#send();
    }
  }

  /** Stops, so that no message is left for nobody. All ranks are known to be there, and end it. */
  end(): void {
    if (this.transfers.size === 1) return;
    const start = performance.now();
    const inTime = () => performance.now() - start < END_MS;
    while (this.#sent && !this.transfers.ended(this.#sent) && inTime());
    this.#out[0] = BYE;
    this.#send();
    while (!(this.#left && this.transfers.ended(this.#sent!)) && inTime()) {
      this.#hear(performance.now());
    }
  }

  #send(): void {
    this.#sent = this.transfers.send(addressOf(this.#out), 1, this.#next, TAG);
  }

  #listen(): void {
    this.#received = this.transfers.receive(addressOf(this.#in), 1, this.#previous, TAG);
  }

  #hear(now: number): void {
    while (this.#received && this.transfers.ended(this.#received)) {
      this.#heard = now;
      this.#left = this.#in[0] === BYE;
      this.#received = null;
      if (!this.#left) this.#listen();
    }
  }

  #abort(reason: string): never {
    console.error(`rank ${this.transfers.rank} of ${this.transfers.size}: ${reason}; ending all`);
    this.mpi.abort(1);
    throw new Error(reason);
  }
}
