import { environment, granted } from "../formats/environment.ts";
import { visible } from "../formats/visible.ts";
import type { RankDevice } from "../parallel/pick_device.ts";
import type { MpiGroup } from "../parallel/mpi_group.ts";
import { joinedGroup } from "../parallel/open_group.ts";

/** What Open MPI's mpirun hands on where somebody gave its ranks time after Ctrl-C. */
const TIME_TO_SAVE = "OMPI_MCA_odls_base_sigkill_timeout";

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
    for (const note of [...sharingNotes(known), ...launcherNotes()]) {
      console.error(`note: ${visible(note)}`);
    }
  }
  return known;
}

/** A value of every rank, in the order of ranks. */
export async function gatherJson<T>(group: MpiGroup, own: T): Promise<T[]> {
  const all = await group.allGather(new TextEncoder().encode(JSON.stringify(own)));
  return all.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T);
}

function launcherNotes(): string[] {
  if (environment("OMPI_COMM_WORLD_SIZE") === undefined || environment(TIME_TO_SAVE)) return [];
  return [
    "Open MPI's mpirun ends all ranks a second after Ctrl-C, saved or not; mpirun --mca odls_base_sigkill_timeout 10 gives " +
    "them ten",
  ];
}
