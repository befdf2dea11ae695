import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { loadFashionMnist } from "../../../src/data/fashion_mnist/fashion_mnist.ts";
import { loadConfig } from "../../../src/config/resolve_config.ts";
import type { ImageDataset } from "../../../src/data/image_dataset.ts";
import { loadDataset } from "../../../src/data/load_dataset.ts";
import { inTempDir } from "../../temp_dir.ts";
import { UserError } from "../../../src/errors.ts";

function mean({ images }: ImageDataset): number {
  let sum = 0;
  for (const byte of images) sum += byte;
  return sum / images.length / 255;
}

function perClass({ labels }: ImageDataset): number[] {
  const counts = new Array(10).fill(0);
  for (const label of labels) counts[label]++;
  return counts;
}

Deno.test("loadFashionMnist() has the published counts, means and standard deviation", async () => {
  const { train, test } = await loadFashionMnist();
  assertEquals([train.length, test.length], [60_000, 10_000]);
  assertEquals(train.images.length, 60_000 * 784);
  assertEquals(perClass(train), new Array(10).fill(6000));
  assertEquals(perClass(test as ImageDataset), new Array(10).fill(1000));
  assertAlmostEquals(mean(train), 0.286, 2e-4);
  assertAlmostEquals(mean(test), 0.2868, 2e-4);
  assertEquals([train.mean, train.std], [[0.286], [0.353]]);
});

Deno.test("loadFashionMnist() makes its cache once, and again when it is damaged", async () => {
  await inTempDir(async (root) => {
    const load = async () => {
      let parsed = -1;
      const { test } = await loadFashionMnist({ root, onProgress: (done) => parsed = done });
      return { parsed, sum: mean(test) };
    };
    const first = await load();
    assertEquals(first.parsed, 10);
    assertEquals(await load(), { parsed: -1, sum: first.sum });
    await Deno.truncate(join(root, "fashion_mnist.bin"), 1_000_000);
    assertEquals(await load(), first);
  });
});

Deno.test("loadFashionMnist() warns and goes on where it cannot write its cache", async () => {
  const root = await Deno.makeTempFile();
  try {
    const warnings: string[] = [];
    const { train } = await loadFashionMnist({ root, onWarning: (text) => warnings.push(text) });
    assertEquals(train.length, 60_000);
    assertEquals(warnings.length, 1);
    assert(
      warnings[0].startsWith(`cannot write ${join(root, "fashion_mnist.bin")}: `),
      warnings[0],
    );
  } finally {
    await Deno.remove(root);
  }
});

Deno.test("loadDataset() takes the validation images out before the subset", async () => {
  const config = loadConfig(null, [
    ...["DATASET.TYPE", "fashion_mnist", "DATASET.SUBSET", "5", "DATASET.VALIDATION", "3"],
  ]).DATASET;
  const { train, test } = await loadDataset(config);
  assertEquals([train.length, test.length], [50, 30]);
  assertEquals([train.name, test.name], ["fashion_mnist/train", "fashion_mnist/validation"]);
  assertEquals(perClass(test as ImageDataset), new Array(10).fill(3));
  const whole = await loadDataset({ ...config, SUBSET: 0, VALIDATION: 0 });
  assertEquals(
    (test as ImageDataset).images.subarray(0, 784),
    (whole.train as ImageDataset).images.subarray(5997 * 784, 5998 * 784),
  );
  await assertRejects(
    () => loadDataset({ ...config, SUBSET: 5998 }),
    UserError,
    "DATASET.SUBSET must be an integer from 1 to 5997",
  );
});
