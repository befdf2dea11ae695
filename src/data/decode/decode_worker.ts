import type { DecodeJob, DecodeResult } from "./decode_job.ts";
import type { Decoder } from "./decoder.ts";

/** What the worker hears: its name and the turns of the pool first, then jobs by number. */
type ToWorker =
  | { readonly name: string; readonly turns: SharedArrayBuffer }
  | { readonly id: number; readonly job: DecodeJob };

/** What it answers to a job: what became of it, or why it cannot do any. */
export type FromWorker =
  | { readonly id: number; readonly result: DecodeResult }
  | { readonly id: number; readonly error: string };

/** The part of a worker's global scope that is used. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
}

const scope = self as unknown as WorkerScope;
let decoder: Promise<Decoder>;
let last: Promise<void> = Promise.resolve();

async function answer(id: number, job: DecodeJob): Promise<void> {
  try {
    scope.postMessage({ id, result: await (await decoder).run(job) });
  } catch (error) {
    scope.postMessage({ id, error: (error as Error).message });
  }
}

scope.onmessage = ({ data }) => {
  if ("name" in data) {
    decoder = import("./decoder.ts").then(({ Decoder }) => new Decoder(data.name, data.turns));
    // The first job reports it.
    decoder.catch(() => {});
    return;
  }
  // One after the other: the next image would only wait for the same core.
  last = last.then(() => answer(data.id, data.job));
};
