import type { Config } from "../config/config.ts";
import type { DatasetSplits } from "../data/load_dataset.ts";
import { placesOf } from "../data/loading/batch_plan.ts";
import { distillerOf } from "../distill/registry.ts";
import { fromFirst } from "../parallel/from_first.ts";
import type { Group } from "../parallel/group.ts";
import { TrainingError } from "../train/training_error.ts";
import type { RunState } from "../train/run_state.ts";

/** Where the run goes on, as rank 0 has read it; taken over by the other ranks. */
export async function shareState(group: Group, state: RunState): Promise<void> {
  if (group.size === 1) return;
  const { totals } = state;
  const first = await fromFirst(group, { ...state, totals: totals && [...totals] });
  if (group.rank === 0) return;
  Object.assign(state, first, { totals: first.totals && Float32Array.from(first.totals) });
}

/**
 * Makes sure that all ranks have the same images, as far as their numbers and classes say.
 *
 * @throws TrainingError on all ranks, naming the first that has others than rank 0
 */
export async function requireSameImages(group: Group, splits: DatasetSplits): Promise<void> {
  if (group.size === 1) return;
  const own = [splits.train, splits.test].map(({ name, length, labels }) =>
    `${length} of ${name}, classes ${
      labels.reduce((sum, label) => Math.imul(sum, 31) + label | 0, 7)
    }`
  ).join("; ");
  const all = (await group.allGather(new TextEncoder().encode(own)))
    .map((bytes) => new TextDecoder().decode(bytes));
  const other = all.findIndex((images) => images !== all[0]);
  if (other < 0) return;
  throw new TrainingError(
    `rank ${other} has other images than rank 0 (${all[other]}, not ${
      all[0]
    }); give all ranks the same data`,
  );
}

/** How ranks divide a run, in a sentence. */
export function describeSharing(
  { size }: Group,
  { SOLVER: { SYNC_BN, GATHER_BATCH }, DISTILLER: { TYPE } }: Config,
  batchSize: number,
): string {
  const parts = Array.from(
    { length: size },
    (_, rank) => placesOf(batchSize, rank, size).places.length,
  );
  const [least, most] = [Math.min(...parts), Math.max(...parts)];
  const each = least === most ? `${most} each` : `${least} to ${most} each`;
  const norm = SYNC_BN
    ? "batch normalisation over all (SOLVER.SYNC_BN)"
    : "batch normalisation by each over its own, rank 0's running statistics being kept";
  return `${size} ranks share each batch of ${batchSize} images, ${each}; ${norm}${
    ruleOf(TYPE, GATHER_BATCH)
  }`;
}

/** What becomes of losses that look at more than one image. */
function ruleOf(type: string, gathers: boolean): string {
  const { acrossImages } = distillerOf(type);
  if (acrossImages === undefined) return "";
  if (acrossImages === "remembers") {
    return `; what ${type} remembers of images, each rank has of all`;
  }
  return gathers
    ? `; ${type} compares the images of all ranks (SOLVER.GATHER_BATCH)`
    : `; ${type} compares the images of a rank with one another (SOLVER.GATHER_BATCH True takes those of all)`;
}
