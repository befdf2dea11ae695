// What is registered is in the schema.
import "../optim/registry.ts";
import { join } from "@std/path";
import { loadConfig } from "../config/resolve_config.ts";
import { augmentOptions, describeAugment } from "../data/augment/augment_config.ts";
import type { BatchSource } from "../data/loading/batch.ts";
import { createLoader } from "../data/loading/loader.ts";
import { download } from "../data/download/download.ts";
import { isFileDataset } from "../data/image_dataset.ts";
import { loadDataset } from "../data/load_dataset.ts";
import { UserError } from "../errors.ts";
import { visible } from "../formats/visible.ts";
import { plural } from "../logging/text.ts";
import { datasets } from "../data/registry.ts";
import { byteBar } from "./terminal/byte_bar.ts";
import { withScheme } from "./data_task.ts";
import { datasetCallbacks } from "./device/open_device.ts";
import { interruptSignal } from "./terminal/interrupt_signal.ts";

/** Options of `data download`. */
interface DownloadFlags {
  /** Folder for the archive. */
  readonly root: string;
  /** A mirror of the published archive. */
  readonly url?: string;
}

/** Options of `data bench`. */
interface BenchFlags {
  /** Configuration that names the data set. */
  readonly cfg?: string;
  /** Batches to measure. */
  readonly batches?: number;
}

const BATCHES = 50;

/**
 * Fetches the published archive of a data set and checks it.
 *
 * @returns the exit status
 */
export async function downloadData(dataset: string, flags: DownloadFlags): Promise<number> {
  const published = datasets().find(({ name }) => name === dataset)?.archive;
  if (!published) {
    const names = datasets().filter(({ archive }) => archive).map(({ name }) => name).join(", ");
    throw new UserError(
      `there is no download for ${JSON.stringify(dataset)}; there is for ${names}`,
    );
  }
  const archive = { ...published, url: checkUrl(flags.url ?? published.url) };
  const path = join(flags.root, archive.file);
  const interrupt = interruptSignal("stopping; what has arrived is kept");
  const bar = byteBar(`fetching ${archive.file}`);
  try {
    const result = await download(archive, {
      path,
      onProgress: bar.update,
      signal: interrupt.signal,
    });
    bar.clear();
    if (result === "stopped") {
      console.error(`${visible(path)}.part is kept; the same command goes on with it`);
      return interrupt.status;
    }
    console.log(
      `${visible(path)}: ${result}, ${archive.size} bytes, MD5 ${archive.md5} as published`,
    );
    return 0;
  } finally {
    bar.clear();
    interrupt.dispose();
  }
}

function checkUrl(url: string): string {
  const whole = withScheme(url);
  if (/^https?:\/\/[^/]+\/./i.test(whole) && URL.canParse(whole)) return whole;
  throw new UserError(`--url wants an address such as https://host/file.tar.gz; got ${url}`);
}

/**
 * Prints images a second of the training and the evaluation loader, with nothing else at work.
 *
 * @returns the exit status
 */
export async function benchData(
  { cfg, batches = BATCHES }: BenchFlags,
  overrides: readonly string[],
): Promise<number> {
  const config = loadConfig(cfg ?? null, overrides);
  const { DATASET, SOLVER } = config;
  const { train, test } = await loadDataset(DATASET, datasetCallbacks());
  const workers = isFileDataset(train)
    ? `, ${plural(DATASET.NUM_WORKERS, "worker")}`
    : ", in memory";
  const augment = augmentOptions(DATASET.AUGMENT);
  const varied = augment ? `, ${describeAugment(augment)}` : "";
  const loaders = [
    createLoader(train, {
      batchSize: Math.min(SOLVER.BATCH_SIZE, train.length),
      train: true,
      seed: SOLVER.SEED,
      augment,
    }),
    createLoader(test, { batchSize: Math.min(DATASET.TEST.BATCH_SIZE, test.length), train: false }),
  ];
  const interrupt = interruptSignal("stopping");
  try {
    for (const [i, loader] of loaders.entries()) {
      const { name, height, width } = loader.dataset;
      const how = workers + (i === 0 ? varied : "");
      const speed = await measure(loader, batches, interrupt.signal);
      if (interrupt.signal.aborted) return interrupt.status;
      console.log(`${name}  ${height} x ${width}${how}  ${Math.round(speed)} images/s`);
    }
    return 0;
  } finally {
    for (const loader of loaders) loader.close();
    interrupt.dispose();
  }
}

/** Images a second, after a first batch that starts the workers; over several epochs where one is too short. */
async function measure(loader: BatchSource, batches: number, signal: AbortSignal): Promise<number> {
  let images = 0;
  let done = 0;
  let start = performance.now();
  for (let epoch = 1; done <= batches && !signal.aborted; epoch++) {
    for await (const { size } of loader.epoch(epoch)) {
      if (done++ === 0) start = performance.now();
      else images += size;
      if (done > batches || signal.aborted) break;
    }
  }
  return images / ((performance.now() - start) / 1000);
}
