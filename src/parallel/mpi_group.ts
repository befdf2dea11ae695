import { addressOf } from "./address.ts";
import type { Group } from "./group.ts";
import type { MpiLibrary } from "./mpi_library.ts";
import type { MpiThread, Opened } from "./mpi_thread.ts";

/** Where a rank runs. */
export interface Place {
  readonly host: string;
  /** What the launcher says; null where it says nothing. */
  readonly localRank: number | null;
}

/** The processes of MPI's world. */
export class MpiGroup implements Group {
  readonly rank: number;
  readonly size: number;
  localRank = 0;
  localSize = 1;
  /** Whether it was left. */
  closed = false;
  /** The host of every rank. */
  hosts: readonly string[] = [];

  constructor(
    readonly library: MpiLibrary,
    readonly thread: MpiThread,
    { rank, size }: Opened,
  ) {
    [this.rank, this.size] = [rank, size];
  }

  async allReduceSum(values: Float32Array): Promise<void> {
    const address = addressOf(values);
    await this.thread.call({ kind: "allReduceSum", address, count: values.length }, values);
  }

  async broadcast(bytes: Uint8Array, root = 0): Promise<void> {
    const address = addressOf(bytes);
    await this.thread.call({ kind: "broadcast", address, bytes: bytes.length, root }, bytes);
  }

  async allGather(bytes: Uint8Array): Promise<Uint8Array[]> {
    return await this.thread.call({ kind: "allGather", bytes }) as Uint8Array[];
  }

  async barrier(): Promise<void> {
    await this.thread.call({ kind: "barrier" });
  }

  abort(code: number): never {
    this.library.abort(code || 1);
    Deno.exit(code || 1);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.thread.call({ kind: "close" });
    this.thread.end();
  }

  /** Learns of all ranks where they run. */
  async meet(own: Place): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(own));
    const places = (await this.allGather(bytes)).map((each) =>
      JSON.parse(new TextDecoder().decode(each)) as Place
    );
    this.hosts = places.map(({ host }) => host);
    const here = places.flatMap(({ host }, rank) => host === own.host ? [rank] : []);
    this.localRank = own.localRank ?? here.indexOf(this.rank);
    this.localSize = here.length;
  }
}
