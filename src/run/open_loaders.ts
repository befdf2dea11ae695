import type { Config } from "../config/config.ts";
import { augmentOptions } from "../data/augment/augment_config.ts";
import type { BatchSource, LoaderOptions } from "../data/loading/batch.ts";
import type { Dataset, DatasetInfo } from "../data/image_dataset.ts";
import type { DatasetSplits } from "../data/load_dataset.ts";
import { createLoader } from "../data/loading/loader.ts";
import type { Group } from "../parallel/group.ts";

/** The loaders of both splits, to be closed by `resources`. No batch has room for more images than there are. */
export function openLoaders(
  { SOLVER, DATASET }: Config,
  splits: DatasetSplits,
  resources: DisposableStack,
  { rank, size: worldSize }: Group,
): { train: BatchSource; test: BatchSource } {
  const open = (dataset: Dataset, options: LoaderOptions) =>
    resources.adopt(createLoader(dataset, options), (it) => it.close());
  return {
    train: open(splits.train, {
      batchSize: trainBatchSize(SOLVER, splits.train),
      train: true,
      dropLast: SOLVER.DROP_LAST,
      sampler: DATASET.SAMPLER,
      seed: SOLVER.SEED,
      augment: augmentOptions(DATASET.AUGMENT),
      ...{ rank, worldSize },
    }),
    test: open(splits.test, {
      batchSize: Math.min(DATASET.TEST.BATCH_SIZE, splits.test.length),
      train: false,
      ...{ rank, worldSize },
    }),
  };
}

/** Images of a batch: all there are, where they are fewer than SOLVER.BATCH_SIZE and DROP_LAST does not refuse that. */
export function trainBatchSize(
  { BATCH_SIZE, DROP_LAST }: Config["SOLVER"],
  { length }: DatasetInfo,
): number {
  return DROP_LAST ? BATCH_SIZE : Math.min(BATCH_SIZE, length);
}
