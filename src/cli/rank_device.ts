import { environment, granted } from "../formats/environment.ts";
import type { RankDevice } from "../parallel/pick_device.ts";
import type { MpiGroup } from "../parallel/mpi_group.ts";
import { joinedGroup } from "../parallel/open_group.ts";
import { type TimeToSave, timeToSave } from "../parallel/time_to_save.ts";
import { note } from "./terminal/notes.ts";

/** What every rank has of devices; null before it is known. */
let known: RankDevice[] | null = null;

/**
 * Gives each rank of a host a device of its own where there are several, and has rank 0 say where ranks share one. To be called
 * by all ranks, before WebGPU is asked for an adapter; where this process is alone it does nothing.
 *
 * @param choice the kind of adapter that is wanted
 * @returns what every rank has; empty where this process is alone
 */
export async function settleRankDevice(choice: string): Promise<readonly RankDevice[]> {
  const group = joinedGroup();
  if (!group || known) return known ?? [];
  const { pickDevice, sharingNotes } = await import("../parallel/pick_device.ts");
  const mayChoose = choice !== "software" && granted({ name: "env", variable: "DRI_PRIME" });
  const picked = mayChoose ? pickDevice(group.localRank) : { cards: 0, slot: null };
  const own: RankDevice = { ...picked, host: group.hosts[group.rank] };
  known = await gatherJson(group, own);
  if (group.rank === 0) {
    for (const each of sharingNotes(known)) note(`note: ${each}`);
  }
  return known;
}

/** A value of every rank, in the order of ranks. */
export async function gatherJson<T>(group: MpiGroup, own: T): Promise<T[]> {
  const all = await group.allGather(new TextEncoder().encode(JSON.stringify(own)));
  return all.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T);
}

/** How long the ranks have to save after Ctrl-C; null where this process is alone, or their launcher waits for them. */
export function rankTimeToSave(): TimeToSave | null {
  const group = joinedGroup();
  return group && timeToSave(group.library.version, { env: environment, read });
}

/** Has rank 0 say what Ctrl-C does, where the launcher was not told to wait: for commands that save before they end. */
export function noteTimeToSave(): void {
  const time = rankTimeToSave();
  if (!time || time.from !== null || joinedGroup()?.rank !== 0) return;
  note(`note: ${timeToSaveText(time)}`);
}

/** A sentence about Ctrl-C. */
export function timeToSaveText({ seconds, from, remedy }: TimeToSave): string {
  const text = `Open MPI's mpirun kills all ranks ${seconds} s after Ctrl-C, saved or not`;
  return from === null ? `${text}; ${remedy}` : `${text} (set in ${from})`;
}

function read(path: string): string | null {
  try {
    return granted({ name: "read", path }) ? Deno.readTextFileSync(path) : null;
  } catch {
    return null;
  }
}
