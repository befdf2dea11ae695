import { UserError } from "../../errors.ts";
import type { DecodeJob, DecodeResult } from "./decode_job.ts";
import type { FromWorker } from "./decode_worker.ts";
import type { Decoder } from "./decoder.ts";
import { newTurns } from "./large_image_turns.ts";

interface Waiting {
  readonly resolve: (result: DecodeResult) => void;
  readonly reject: (error: Error) => void;
}

interface Member {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

let pools = 0;

/** One sentence of a worker's error, which may tell several things on many lines. */
function failure(message: string): Error {
  const lines = message.split("\n").map((line) => line.replace(/^Uncaught .*?Error: /, ""));
  const permission = lines.find((line) => line.includes("--allow-"));
  return new UserError(
    permission
      ? `decoding images ${permission.replace(/^.*?Requires/, "requires")}`
      : `images cannot be decoded: ${lines[0]}; try DATASET.NUM_WORKERS 0`,
  );
}

/**
 * Worker threads that decode images. They start with the first job and end when the last user has let go of the pool,
 * so that none outlives a run. With no workers, jobs are done by the caller's thread.
 */
export class DecodePool {
  readonly #name = `${Date.now().toString(36)}-${Deno.pid}-${pools++}`;
  #members: Member[] | null = null;
  #inline: Promise<Decoder> | null = null;
  #users = 0;
  #jobs = 0;
  #starts = 0;

  /** Starts nothing yet. */
  constructor(readonly workers: number) {}

  /** Counts a user in; each calls {@linkcode release} once. */
  acquire(): void {
    this.#users++;
  }

  /** Counts a user out; with the last one the workers end. */
  release(): void {
    if (--this.#users <= 0) this.close();
  }

  /**
   * Has a job done by the worker that has the fewest.
   *
   * @throws Error where the worker itself failed; images that cannot be decoded are in the result
   */
  async run(job: DecodeJob): Promise<DecodeResult> {
    if (this.workers === 0) return (await this.#decoder()).run(job);
    this.#members ??= this.#start();
    const member = this.#members.reduce((best, each) =>
      each.waiting.size < best.waiting.size ? each : best
    );
    const id = this.#jobs++;
    return await new Promise((resolve, reject) => {
      member.waiting.set(id, { resolve, reject });
      member.worker.postMessage({ id, job });
    });
  }

  /** Ends the workers; jobs under way are given up. A later job starts them again. */
  close(): void {
    this.#stop(new Error("the loading of images was stopped"));
    const inline = this.#inline;
    this.#inline = null;
    inline?.then((decoder) => decoder.close(), () => {});
  }

  #start(): Member[] {
    const generation = this.#starts++;
    askForSources();
    // New ones for new workers: those before them may have been stopped in the middle of an image.
    const turns = newTurns();
    return Array.from({ length: this.workers }, (_, i) => {
      const url = new URL("./decode_worker.ts", import.meta.url);
      const member: Member = { worker: new Worker(url, { type: "module" }), waiting: new Map() };
      member.worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if ("error" in data) return this.#stop(failure(data.error));
        member.waiting.get(data.id)?.resolve(data.result);
        member.waiting.delete(data.id);
      };
      member.worker.onerror = (event) => {
        event.preventDefault();
        this.#stop(failure(event.message));
      };
      member.worker.postMessage({ name: `${this.#name}-${generation}-${i}`, turns });
      return member;
    });
  }

  #stop(error: Error): void {
    const members = this.#members ?? [];
    this.#members = null;
    for (const { worker, waiting } of members) {
      worker.terminate();
      for (const { reject } of waiting.values()) reject(error);
    }
  }

  #decoder(): Promise<Decoder> {
    // sharp is loaded only where images are decoded: it wants permissions that other data sets do not.
    return this.#inline ??= import("./decoder.ts").then(
      ({ Decoder }) => new Decoder(`${this.#name}-inline`, newTurns()),
      (error) => {
        throw failure((error as Error).message);
      },
    );
  }
}

/** Asks once, where Deno asks at all, for the sources that a worker loads; it would for every file of them. */
function askForSources(): void {
  const path = new URL("../", import.meta.url);
  if (path.protocol === "file:") Deno.permissions.requestSync({ name: "read", path });
}
