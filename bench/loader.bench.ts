import { join } from "@std/path";
import sharp from "sharp";
import type { AugmentOptions } from "../src/data/augment/image_augmenter.ts";
import type { Batch, BatchSource } from "../src/data/loading/batch.ts";
import { createLoader } from "../src/data/loading/loader.ts";
import type { Dataset } from "../src/data/image_dataset.ts";
import { loadDataset } from "../src/data/load_dataset.ts";
import { loadConfig } from "../src/config/resolve_config.ts";
import { cases } from "./cases.ts";

// One iteration is BATCH images: images a second = BATCH * iterations a second.
const BATCH = 64;
/** What `varied` images are varied by. */
const VARIED: AugmentOptions = { randAugment: {}, randomErasing: { p: 0.25 } };

/** A photograph's worth of work for a JPEG decoder: 500 x 375 pixels of waves and grain, about 90 KB. */
async function jpeg(seed: number): Promise<Uint8Array> {
  const [width, height] = [500, 375];
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    const grain = Math.imul(i + seed, 0x9e3779b9) >>> 27;
    data[i] = 110 + 70 * Math.sin(x / (9 + c) + seed) * Math.cos(y / (13 + seed % 7)) + grain;
  }
  return await sharp(data, { raw: { width, height, channels: 3 } }).jpeg({ quality: 90 })
    .toBuffer();
}

/** A folder of BATCH training images and as many for evaluation, kept between runs. */
async function imageFolder(): Promise<string> {
  const root = join(".cache", "bench_images");
  for (const split of ["train", "val"]) {
    const folder = join(root, split, "only");
    Deno.mkdirSync(folder, { recursive: true });
    if ([...Deno.readDirSync(folder)].length === BATCH) continue;
    for (let i = 0; i < BATCH; i++) Deno.writeFileSync(join(folder, `${i}.jpg`), await jpeg(i));
  }
  return root;
}

async function load(...settings: string[]): Promise<{ train: Dataset; test: Dataset }> {
  return await loadDataset(loadConfig(null, settings).DATASET);
}

/** The loader at work; every other one is closed, so that its workers take no part. */
let open: { name: string; loader: BatchSource; batches: AsyncGenerator<Batch> } | null = null;

async function* endless(loader: BatchSource): AsyncGenerator<Batch> {
  for (let epoch = 1;; epoch++) yield* loader.epoch(epoch);
}

/** Has the loader of a benchmark made, and the batches that it makes ahead. */
async function start(
  name: string,
  dataset: Dataset,
  train: boolean,
  augment?: AugmentOptions,
): Promise<void> {
  if (open?.name === name) return;
  await open?.batches.return(undefined);
  open?.loader.close();
  const loader = createLoader(dataset, { batchSize: BATCH, train, augment });
  open = { name, loader, batches: endless(loader) };
  for (let i = 0; i < 4; i++) await open.batches.next();
}

/** Batches of 64 one after the other, over as many epochs as it takes. */
function bench(
  name: string,
  group: string,
  dataset: Dataset,
  train: boolean,
  augment?: AugmentOptions,
): void {
  Deno.bench({
    name,
    group,
    n: 10,
    warmup: 0,
    fn: async (context) => {
      await start(name, dataset, train, augment);
      context.start();
      await open!.batches.next();
      context.end();
    },
  });
}

const root = await imageFolder();

/** What the library alone does with the files, one after the other in one thread: no loader with one worker is faster. */
function benchDecoder(name: string, decode: (file: Uint8Array) => Promise<unknown>): void {
  const folder = join(root, "train", "only");
  const files = [...Deno.readDirSync(folder)].map(({ name }) =>
    Deno.readFileSync(join(folder, name))
  );
  Deno.bench({
    name,
    group: "image files",
    n: 10,
    warmup: 1,
    fn: async () => {
      for (const file of files) await decode(file);
    },
  });
}

sharp.concurrency(1);
benchDecoder("64 JPEGs, decoder alone", (file) => sharp(file).raw().toBuffer());
benchDecoder(
  "64 JPEGs, decoder alone, scaled to 224 by it",
  (file) => sharp(file).resize(224, 224).raw().toBuffer(),
);
for (const workers of cases({ software: true }, ["1", "2", "4"], (each) => each === "2")) {
  const folder = ["DATASET.TYPE", "imagenet", "DATASET.ROOT", root, "DATASET.NUM_WORKERS", workers];
  const { train, test } = await load(...folder);
  bench(`64 JPEGs, random part to 224, ${workers} workers`, "image files", train, true);
  bench(`64 JPEGs, varied, ${workers} workers`, "image files", train, true, VARIED);
  bench(`64 JPEGs, 256 and centre 224, ${workers} workers`, "image files", test, false);
  const cached = await load(...folder, "DATASET.CACHE", "true");
  bench(
    `64 from the cache, random part to 224, ${workers} workers`,
    "image files",
    cached.train,
    true,
  );
}
const memory = await load("DATASET.TYPE", "fashion_mnist");
bench("64 of 28 x 28, moved and mirrored", "in memory", memory.train, true);
bench("64 of 28 x 28, varied", "in memory", memory.train, true, VARIED);
bench("64 of 28 x 28, as they are", "in memory", memory.test, false);
