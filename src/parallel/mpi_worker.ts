/// <reference lib="deno.worker" />
/**
 * The thread of a process that calls MPI: it moves data while the program's own thread computes, and sees whether the other
 * ranks are alive. It reads and writes memory that the program holds until it is answered.
 *
 * @module
 */

import { MpiError, MpiLibrary } from "./mpi_library.ts";
import type { MpiCall, Opened } from "./mpi_thread.ts";
import { Transfers } from "./transfers.ts";
import { Watch } from "./watch.ts";

/** Milliseconds between two looks after the others while nothing is to be done. */
const WATCH_MS = 250;

let mpi: MpiLibrary;
let transfers: Transfers;
let watch: Watch;
let timer: ReturnType<typeof setInterval>;

function open(path: string): Opened {
  mpi = new MpiLibrary(path);
  mpi.keep();
  const { calls, handles: { world, threadMultiple, errorsReturn } } = mpi;
  const [provided, rank, size] = [new Int32Array(1), new Int32Array(1), new Int32Array(1)];
  mpi.check(calls.MPI_Init_thread(0, 0, threadMultiple, provided), "MPI_Init_thread");
  mpi.check(calls.MPI_Comm_set_errhandler(world, errorsReturn), "MPI_Comm_set_errhandler");
  mpi.check(calls.MPI_Comm_rank(world, rank), "MPI_Comm_rank");
  mpi.check(calls.MPI_Comm_size(world, size), "MPI_Comm_size");
  transfers = new Transfers(mpi, rank[0], size[0], () => watch.look());
  watch = new Watch(mpi, transfers, () => self.postMessage({ slept: true }));
  timer = setInterval(() => watch.look(), WATCH_MS);
  return {
    rank: rank[0],
    size: size[0],
    host: mpi.processorName(),
    threads: provided[0] >= threadMultiple,
  };
}

function close(): void {
  transfers.barrier();
  clearInterval(timer);
  watch.end();
  mpi.check(mpi.calls.MPI_Finalize(), "MPI_Finalize");
}

function answer(call: MpiCall): unknown {
  switch (call.kind) {
    case "open":
      return open(call.path);
    case "allReduceSum":
      return transfers.allReduceSum(call.address, call.count);
    case "broadcast":
      return transfers.broadcast(call.address, call.bytes, call.root);
    case "allGather":
      return transfers.allGather(call.bytes);
    case "barrier":
      return transfers.barrier();
    case "close":
      return close();
  }
}

self.onmessage = ({ data }: MessageEvent<MpiCall>) => {
  try {
    self.postMessage({ value: answer(data) });
  } catch (error) {
    if (!(error instanceof MpiError)) throw error;
    self.postMessage({ failed: error.message });
  }
};
