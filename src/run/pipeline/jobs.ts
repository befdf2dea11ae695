import type { Config } from "../../config/config.ts";
import { type DatasetSplits, loadDataset } from "../../data/load_dataset.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { Model } from "../../models/model.ts";
import { fromFirst } from "../../parallel/from_first.ts";
import type { Group } from "../../parallel/group.ts";
import { buildTeacher } from "../build_distiller.ts";
import type { makeCostMatrix } from "../cost_matrix/make_cost_matrix.ts";
import { sharedCostMatrix } from "../cost_matrix/shared_cost_matrix.ts";
import { followRun } from "../shared_run.ts";
import { measureModel } from "./measure.ts";
import type { RunName } from "./plan.ts";

/** What rank 0 has the others do with it. */
type Job =
  | { readonly kind: "run"; readonly config: Config }
  | { readonly kind: "matrix"; readonly config: Config }
  | {
    readonly kind: "measure";
    readonly config: Config;
    readonly run: RunName;
    readonly path: string;
  }
  | { readonly kind: "end" };

/** Has the other ranks begin what rank 0 begins; they wait in {@linkcode followPipeline}. */
export async function announce(group: Group, job: Job): Promise<void> {
  await fromFirst(group, job);
}

/** Does what rank 0 announces, up to its end. */
export async function followPipeline(
  { group, gpu, signal }: {
    readonly group: Group;
    readonly gpu: Gpu;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  let key = "";
  let splits: DatasetSplits | null = null;
  for (;;) {
    const job = await fromFirst<Job>(group, null);
    if (job.kind === "end") return;
    const { config } = job;
    const wanted = JSON.stringify(config.DATASET);
    if (wanted !== key || !splits) splits = await loadDataset(config.DATASET);
    key = wanted;
    if (job.kind === "run") await followRun({ group, gpu, splits, signal });
    else if (job.kind === "matrix") await makeMatrix(group, config, splits, () => Promise.reject());
    else {
      const { run, path } = job;
      await measureModel({
        ...{ gpu, test: splits.test, path, run, config, signal, group, progress: () => {} },
      });
    }
  }
}

/**
 * Makes the cost matrix of a configuration's teacher, whose images all ranks see a part of.
 *
 * @param lead finds the matrix, or makes it; rank 0's
 */
export async function makeMatrix(
  group: Group,
  config: Config,
  { train }: DatasetSplits,
  lead: (teacher: Model, parts: MatrixParts) => Promise<Float32Array>,
): Promise<void> {
  const teacherPath = config.DISTILLER.TEACHER_CHECKPOINT;
  const teacher = buildTeacher(config, { dataset: train, teacherPath });
  try {
    const find = (make: typeof makeCostMatrix) => lead(teacher, { teacherPath, make });
    await sharedCostMatrix(group, teacher, () => train, find);
  } finally {
    teacher.dispose();
  }
}

/** What rank 0 makes a matrix by. */
interface MatrixParts {
  readonly teacherPath: string;
  readonly make: typeof makeCostMatrix;
}
