import { UserError } from "../errors.ts";

/** What the program asks for; what has an address is held by the program meanwhile. */
export type MpiCall =
  | { readonly kind: "open"; readonly path: string }
  | { readonly kind: "allReduceSum"; readonly address: number; readonly count: number }
  | {
    readonly kind: "broadcast";
    readonly address: number;
    readonly bytes: number;
    readonly root: number;
  }
  | { readonly kind: "allGather"; readonly bytes: Uint8Array }
  | { readonly kind: "barrier" }
  | { readonly kind: "close" };

/** What the program is told: answers, in the order in which it asked, and what happened. */
export type MpiAnswer =
  /** This process was suspended. */
  | { readonly slept: true }
  | { readonly value: unknown }
  /** A call that failed: another rank is gone, or MPI is unwell. */
  | { readonly failed: string };

/** What `open` is answered. */
export interface Opened {
  readonly rank: number;
  readonly size: number;
  readonly host: string;
  /** Whether threads may call MPI at the same time. */
  readonly threads: boolean;
}

/** The thread that calls MPI. It answers in the order in which it is asked. */
export class MpiThread {
  readonly #worker = new Worker(new URL("./mpi_worker.ts", import.meta.url), { type: "module" });
  /** What is not answered yet, with the memory that it works on. */
  readonly #waiting: {
    resolve: (value: unknown) => void;
    reject: (error: unknown) => void;
    held: unknown;
  }[] = [];

  /** When it was told last that this process had been suspended, on the clock of `performance.now()`. */
  sleptAt = -Infinity;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<MpiAnswer>) => {
      if ("slept" in data) {
        this.sleptAt = performance.now();
        return;
      }
      const { resolve, reject } = this.#waiting.shift()!;
      if ("value" in data) resolve(data.value);
      else reject(new UserError(`the ranks have lost each other: ${data.failed}`));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const error = new Error(`the thread that calls MPI failed: ${event.message}`);
      this.#waiting.splice(0).forEach(({ reject }) => reject(error));
    };
  }

  /** Has the thread call MPI; `held` is the memory whose address it was given. */
  call(call: MpiCall, held?: unknown): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.push({ resolve, reject, held });
    this.#worker.postMessage(call);
    return promise;
  }

  /** Ends the thread. */
  end(): void {
    this.#worker.terminate();
  }
}
