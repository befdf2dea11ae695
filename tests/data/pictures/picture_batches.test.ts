import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { loadConfig } from "../../../src/config/resolve_config.ts";
import { Resampler } from "../../../src/data/augment/resampler.ts";
import { evalPixels } from "../../../src/data/augment/transform_pixels.ts";
import { loadFashionMnist } from "../../../src/data/fashion_mnist/fashion_mnist.ts";
import { DecodePool } from "../../../src/data/decode/decode_pool.ts";
import type { Dataset } from "../../../src/data/image_dataset.ts";
import { loadTestSet } from "../../../src/data/load_dataset.ts";
import { createLoader } from "../../../src/data/loading/loader.ts";
import { pictureBatches } from "../../../src/data/pictures/picture_batches.ts";
import {
  parsePreprocessing,
  type Preprocessing,
  preprocessingOf,
  transformOf,
} from "../../../src/data/preprocessing.ts";
import { inTempDir } from "../../temp_dir.ts";
import { pattern, writeImageFolder } from "../image_fixture.ts";

/** All images that an evaluation sees, one after the other. */
async function evaluated(dataset: Dataset): Promise<Float32Array> {
  const loader = createLoader(dataset, { batchSize: 2, train: false });
  const size = dataset.channels * dataset.height * dataset.width;
  const all: number[] = [];
  for await (const batch of loader.epoch(1)) {
    all.push(...batch.images.subarray(0, batch.size * size));
  }
  loader.close();
  return Float32Array.from(all);
}

async function shown(
  paths: readonly string[],
  preprocessing: Preprocessing,
  workers: number,
): Promise<{ images: Float32Array; failed: string[] }> {
  const { channels, height, width } = preprocessing;
  const pool = new DecodePool(workers);
  const all: number[] = [];
  const failed: string[] = [];
  const pictures = paths.map((path) => ({ path }));
  for await (const batch of pictureBatches(pictures, { preprocessing, batchSize: 2, pool })) {
    all.push(...batch.images.subarray(0, batch.pictures.length * channels * height * width));
    for (const place of batch.failures.keys()) failed.push(batch.pictures[place].path);
  }
  pool.close();
  return { images: Float32Array.from(all), failed };
}

Deno.test("pictureBatches() prepares the files of a folder to the bits of its evaluation", async () => {
  await inTempDir(async (folder) => {
    writeImageFolder(folder);
    const paths = ["ant", "bee", "cat"].map((name) => join(folder, "val", name, "3.png"));
    for (
      const [workers, ...overrides] of [
        [1, "DATASET.TRANSFORM", "cifar", "DATASET.IMAGE_SIZE", "12", "DATASET.RESIZE", "15"],
        [0, "DATASET.TRANSFORM", "cifar", "DATASET.IMAGE_SIZE", "10"],
        [0, "DATASET.TRANSFORM", "imagenet", "DATASET.IMAGE_SIZE", "20"],
      ] as const
    ) {
      const config = loadConfig(null, [
        ...["DATASET.TYPE", "image_folder", "DATASET.ROOT", folder, "DATASET.NUM_WORKERS", "0"],
        ...overrides,
      ]);
      const test = await loadTestSet(config.DATASET);
      const carried = parsePreprocessing(JSON.stringify(preprocessingOf(test)))!;
      const { images, failed } = await shown(paths, carried, workers);
      assertEquals(failed, []);
      assertEquals(images, await evaluated(test));
    }
  });
});

Deno.test("pictureBatches() gives grey images of their size as they are, and leaves out what is no image", async () => {
  await inTempDir(async (folder) => {
    const { test } = await loadFashionMnist();
    const paths = [0, 1, 2].map((i) => {
      const path = join(folder, `${i}.pgm`);
      const header = new TextEncoder().encode("P5 28 28 255\n");
      Deno.writeFileSync(
        path,
        new Uint8Array([...header, ...test.images.subarray(i * 784, (i + 1) * 784)]),
      );
      return path;
    });
    const broken = join(folder, "broken.png");
    Deno.writeTextFileSync(broken, "no picture");
    const { images, failed } = await shown([...paths, broken], preprocessingOf(test), 0);
    assertEquals(failed, [broken]);
    const first = { ...test, length: 3, labels: test.labels.slice(0, 3) };
    assertEquals(images.slice(0, 3 * 784), await evaluated(first));
  });
});

Deno.test("pictureBatches() has the next batches decoded while one is used", async () => {
  const pool = new DecodePool(2);
  const asked: number[] = [];
  pool.run = ({ items }) => {
    asked.push(items.length);
    return Promise.resolve({
      failures: [],
      stored: [],
      headers: [],
      deepGrey: null,
      cacheTrouble: null,
    });
  };
  const pictures = Array.from({ length: 400 }, (_, i) => ({ path: `${i}.png` }));
  const preprocessing = { channels: 1, height: 2, width: 2, resize: null, mean: [0], std: [1] };
  const batches = pictureBatches(pictures, { preprocessing, batchSize: 100, pool });
  const decoded = () => asked.reduce((a, b) => a + b, 0);
  await batches.next();
  assertEquals([decoded(), asked.length], [300, 12]);
  await batches.next();
  assertEquals(decoded(), 400);
  await batches.return();
});

Deno.test("evalPixels() weighs colours as Pillow's L, and cuts the centre of what just covers another shape", () => {
  // Image.new("RGB", (12, 1)) with these pixels, then list(image.convert("L").getdata()) of Pillow 13.0.
  const colours = [
    ...[255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3, 254, 255, 253, 12, 200, 77, 128, 127, 129],
    ...[90, 91, 92, 3, 250, 9, 77, 77, 77, 201, 13, 148, 66, 33, 99],
  ];
  const grey = [76, 150, 29, 2, 254, 130, 128, 91, 149, 77, 85, 50];
  const row = { channels: 1, height: 1, width: 12, resize: null, mean: [0], std: [1] };
  const pixels = { data: Uint8Array.from(colours), width: 12, height: 1 };
  const { data } = evalPixels(pixels, transformOf(row), new Resampler());
  assertEquals([...data].filter((_, i) => i % 3 === 0), grey);
  const image = pattern(30, 20);
  for (const [height, width] of [[8, 20], [20, 8], [20, 30]]) {
    const shape = { channels: 3, height, width, resize: null, mean: [0, 0, 0], std: [1, 1, 1] };
    const cut = evalPixels(image, transformOf(shape), new Resampler());
    assertEquals([cut.width, cut.height], [width, height]);
    if (width === image.width) assertEquals(cut.data, image.data);
  }
});

Deno.test("parsePreprocessing() takes nothing that no image can be prepared by", () => {
  const good = { channels: 3, height: 8, width: 8, resize: 9, mean: [0, 0, 0], std: [1, 1, 1] };
  assertEquals(parsePreprocessing(JSON.stringify(good)), good);
  for (
    const wrong of [
      ...[{ height: 0 }, { width: 1e9 }, { resize: 7 }, { mean: [0] }, { std: [1, 0, 1] }],
      ...[{ channels: 2 }, { std: "111" }, { mean: [0, null, 0] }],
    ]
  ) {
    assert(
      parsePreprocessing(JSON.stringify({ ...good, ...wrong })) === null,
      JSON.stringify(wrong),
    );
  }
  for (const text of ["", "null", "[]", "{"]) assertEquals(parsePreprocessing(text), null);
});
