import { addressOf } from "./address.ts";
import type { MpiLibrary } from "./mpi_library.ts";

/** Floats that are reduced at a time: half of their bytes is taken beside them. */
const SLICE = 2 ** 22;
/** Bytes that are broadcast at a time; MPI counts in 32 bits. */
const BROADCAST_BYTES = 2 ** 28;
/** Bytes that are gathered at a time, of all ranks together. */
const GATHER_BYTES = 2 ** 25;
/** Floats up to which both of two ranks send all they have, since messages cost more than bytes. */
const FEW = 2048;

const TAG = 1;
/** Tests of a request before the first sleep. */
const SPINS = 50;
/** Milliseconds of a sleep between two tests at first, and after {@linkcode LONG_WAIT}. */
const [SLEEP, LONG_SLEEP] = [0.05, 0.5];
const LONG_WAIT = 20;

/** A request of MPI's that is under way, which is what its bytes say. */
export type Request = BigInt64Array<ArrayBuffer>;

/** What one rank does with the others' data: addresses are those of memory that somebody else holds. */
export class Transfers {
  readonly #mpi: MpiLibrary;
  readonly #scratch = { bytes: new Uint8Array(0), address: 0 };
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4));
  readonly #status = new Uint8Array(256);
  readonly #flag = new Int32Array(1);

  /** `onWait` is called again and again while a transfer waits for others. */
  constructor(
    mpi: MpiLibrary,
    readonly rank: number,
    readonly size: number,
    readonly onWait: () => void,
  ) {
    this.#mpi = mpi;
  }

  /** Begins to send bytes, of `tag`. */
  send(address: number, bytes: number, to: number, tag: number): Request {
    const { calls, handles: { byte, world } } = this.#mpi;
    return this.#begun(
      "MPI_Isend",
      (request) => calls.MPI_Isend(address, bytes, byte, to, tag, world, request),
    );
  }

  /** Begins to receive bytes, of `tag`. */
  receive(address: number, bytes: number, from: number, tag: number): Request {
    const { calls, handles: { byte, world } } = this.#mpi;
    return this.#begun(
      "MPI_Irecv",
      (request) => calls.MPI_Irecv(address, bytes, byte, from, tag, world, request),
    );
  }

  /** Whether a request has ended; it may be asked again after that. */
  ended(request: Request): boolean {
    this.#mpi.check(this.#mpi.calls.MPI_Test(request, this.#flag, this.#status), "MPI_Test");
    return this.#flag[0] !== 0;
  }

  /**
   * Adds floats over all ranks, in place. Ranks are added in pairs, pairs in fours and so on by recursive halving and doubling
   * (Rabenseifner 2004), the same tree for every element: what a sum is depends neither on who came first, nor on the
   * library, the hosts or what else is in the buffer, where MPI_Allreduce promises none of this.
   */
  allReduceSum(address: number, count: number): void {
    for (let start = 0; start < count; start += SLICE) {
      this.#reduceSlice(address + 4 * start, Math.min(SLICE, count - start));
    }
  }

  /** Copies bytes of one rank to all. */
  broadcast(address: number, bytes: number, root: number): void {
    const { calls, handles: { byte, world } } = this.#mpi;
    for (let start = 0; start < bytes; start += BROADCAST_BYTES) {
      const count = Math.min(BROADCAST_BYTES, bytes - start);
      this.#wait(
        this.#begun(
          "MPI_Ibcast",
          (request) => calls.MPI_Ibcast(address + start, count, byte, root, world, request),
        ),
      );
    }
  }

  /** The bytes of every rank. */
  allGather(bytes: Uint8Array): Uint8Array<ArrayBuffer>[] {
    const lengths = new Float64Array(
      this.#gatherEqual(new Uint8Array(new Float64Array([bytes.length]).buffer)).buffer,
    );
    const parts = Array.from(lengths, (length) => new Uint8Array(length));
    const step = Math.ceil(GATHER_BYTES / this.size);
    for (let start = 0; start < Math.max(...lengths); start += step) {
      const count = Math.min(step, Math.max(...lengths) - start);
      const own = new Uint8Array(count);
      own.set(bytes.subarray(start, start + count));
      const all = this.#gatherEqual(own);
      parts.forEach((part, rank) => {
        const left = Math.max(0, Math.min(count, part.length - start));
        part.set(all.subarray(rank * count, rank * count + left), Math.min(start, part.length));
      });
    }
    return parts;
  }

  /** Waits for all ranks. */
  barrier(): void {
    const { calls, handles: { world } } = this.#mpi;
    this.#wait(this.#begun("MPI_Ibarrier", (request) => calls.MPI_Ibarrier(world, request)));
  }

  #gatherEqual(own: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const { calls, handles: { byte, world } } = this.#mpi;
    const all = new Uint8Array(own.length * this.size);
    const [from, to] = [addressOf(own), addressOf(all)];
    this.#wait(
      this.#begun(
        "MPI_Iallgather",
        (request) =>
          calls.MPI_Iallgather(from, own.length, byte, to, own.length, byte, world, request),
      ),
    );
    return all;
  }

  #reduceSlice(address: number, count: number): void {
    const { rank, size } = this;
    const power = 2 ** Math.floor(Math.log2(size));
    // The ranks over a power of two are in pairs at the beginning, of which the odd one takes part.
    const paired = rank < 2 * (size - power);
    if (paired && rank % 2 === 0) {
      this.#wait(this.send(address, 4 * count, rank + 1, TAG));
      this.#wait(this.receive(address, 4 * count, rank + 1, TAG));
      return;
    }
    if (paired) this.#exchange(address, 0, rank - 1, address, count);
    const place = paired ? (rank - 1) / 2 : rank - (size - power);
    const partner = (bit: number) => {
      const other = place ^ bit;
      return other < size - power ? 2 * other + 1 : other + (size - power);
    };
    if (count <= FEW) {
      for (let bit = 1; bit < power; bit *= 2) {
        this.#exchange(address, count, partner(bit), address, count);
      }
    } else this.#halveAndDouble(address, count, place, power, partner);
    if (paired) this.#wait(this.send(address, 4 * count, rank - 1, TAG));
  }

  #halveAndDouble(
    address: number,
    count: number,
    place: number,
    power: number,
    partner: (bit: number) => number,
  ): void {
    const steps: { kept: [number, number]; sent: [number, number]; other: number }[] = [];
    let [start, length] = [0, count];
    for (let bit = 1; bit < power; bit *= 2) {
      const half = Math.ceil(length / 2);
      const lower: [number, number] = [start, half];
      const upper: [number, number] = [start + half, length - half];
      const [kept, sent] = (place & bit) === 0 ? [lower, upper] : [upper, lower];
      const other = partner(bit);
      this.#exchange(address + 4 * sent[0], sent[1], other, address + 4 * kept[0], kept[1]);
      steps.push({ kept, sent, other });
      [start, length] = kept;
    }
    for (const { kept, sent, other } of steps.reverse()) {
      const received = this.receive(address + 4 * sent[0], 4 * sent[1], other, TAG);
      const gone = this.send(address + 4 * kept[0], 4 * kept[1], other, TAG);
      this.#wait(received);
      this.#wait(gone);
    }
  }

  /** Sends floats to another rank, and adds those that it sends to ours. */
  #exchange(from: number, sent: number, other: number, onto: number, count: number): void {
    const { calls, handles: { float, sum } } = this.#mpi;
    const scratch = this.#scratchOf(4 * count);
    const received = count > 0 ? this.receive(scratch, 4 * count, other, TAG) : null;
    const gone = sent > 0 ? this.send(from, 4 * sent, other, TAG) : null;
    if (received) this.#wait(received);
    if (gone) this.#wait(gone);
    this.#mpi.check(calls.MPI_Reduce_local(scratch, onto, count, float, sum), "MPI_Reduce_local");
  }

  #scratchOf(bytes: number): number {
    if (this.#scratch.bytes.length < bytes) {
      this.#scratch.bytes = new Uint8Array(bytes);
      this.#scratch.address = addressOf(this.#scratch.bytes);
    }
    return this.#scratch.address;
  }

  #begun(call: string, begin: (request: Request) => number): Request {
    const request = new BigInt64Array(1);
    this.#mpi.check(begin(request), call);
    return request;
  }

  /** MPI's own waiting keeps a core busy, which the ranks that compute on the CPU miss; this sleeps in between. */
  #wait(request: Request): void {
    for (let spins = 0; spins < SPINS; spins++) {
      if (this.ended(request)) return;
    }
    const start = performance.now();
    while (!this.ended(request)) {
      this.onWait();
      Atomics.wait(
        this.#sleeper,
        0,
        0,
        performance.now() - start < LONG_WAIT ? SLEEP : LONG_SLEEP,
      );
    }
  }
}
