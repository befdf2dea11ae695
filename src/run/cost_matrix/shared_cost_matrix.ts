import type { Dataset } from "../../data/image_dataset.ts";
import type { Model } from "../../models/model.ts";
import { fromFirst, numbersFromFirst } from "../../parallel/from_first.ts";
import type { Group } from "../../parallel/group.ts";
import { type CostMatrixMethod, makeCostMatrix } from "./make_cost_matrix.ts";

/** What rank 0 has the others do: see their part of the images, or take what it has. */
interface Wanted {
  readonly method: CostMatrixMethod | null;
}

/**
 * The cost matrix that rank 0 reads or has made, on every rank. Where it is to be made, all of them see a part of the images.
 *
 * @param images the training images, all that there are
 * @param find reads the matrix or makes it by what it is given; called on rank 0
 */
export async function sharedCostMatrix(
  group: Group,
  teacher: Model,
  images: () => Promise<Dataset> | Dataset,
  find: (make: typeof makeCostMatrix) => Promise<Float32Array>,
): Promise<Float32Array> {
  if (group.size === 1) return await find(makeCostMatrix);
  if (group.rank === 0) {
    const cost = await find(async (model, train, method, tell) => {
      await fromFirst<Wanted>(group, { method });
      return await makeCostMatrix(model, train, method, tell, group);
    });
    await fromFirst<Wanted>(group, { method: null });
    return await numbersFromFirst(group, cost);
  }
  for (;;) {
    const { method } = await fromFirst<Wanted>(group, null);
    if (method === null) return await numbersFromFirst(group, null);
    await makeCostMatrix(teacher, await images(), method, undefined, group);
  }
}
