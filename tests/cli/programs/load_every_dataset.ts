// Loads a batch of every kind of data, with the permissions of a task; the folders of each are the arguments.
import { createLoader } from "../../../src/data/loading/loader.ts";
import { loadDataset } from "../../../src/data/load_dataset.ts";
import { resolveConfig } from "../../../src/config/resolve_config.ts";

const [images, cifar] = Deno.args;
/** The only folder that `eval` may write in is .cache. */
const CACHE = ["DATASET.CACHE", "True", "DATASET.CACHE_DIR", ".cache/tasks_test"];
const KINDS: readonly (readonly string[])[] = [
  ["image_folder", "DATASET.ROOT", images, "DATASET.TRANSFORM", "imagenet"],
  ["image_folder", "DATASET.ROOT", images, "DATASET.IMAGE_SIZE", "16", ...CACHE],
  ["cifar100", "DATASET.ROOT", cifar],
  ["fashion_mnist"],
];

for (const [type, ...overrides] of KINDS) {
  const { DATASET } = resolveConfig("", "x", ["DATASET.TYPE", type, ...overrides]);
  const { test } = await loadDataset(DATASET);
  const loader = createLoader(test, { batchSize: 1, train: false });
  for await (const { size } of loader.epoch(1)) {
    console.log(`${type} ${size}`);
    break;
  }
  loader.close();
}
Deno.exit(0);
