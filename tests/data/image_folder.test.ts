import { join } from "@std/path";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { loadConfig } from "../../src/config/load_config.ts";
import { type FileDataset, isFileDataset } from "../../src/data/file_dataset.ts";
import type { ImageDataset } from "../../src/data/image_dataset.ts";
import { type DatasetSplits, loadDataset } from "../../src/data/load_dataset.ts";
import { FILES, writeImageFolder } from "./image_fixture.ts";
import { inTempDir } from "../temp_dir.ts";

function load(
  root: string,
  settings: Record<string, string> = {},
  warnings: string[] = [],
): Promise<DatasetSplits> {
  const all = { TYPE: "image_folder", NUM_WORKERS: "0", ROOT: root, ...settings };
  const pairs = Object.entries(all).flatMap(([key, value]) => [`DATASET.${key}`, value]);
  return loadDataset(loadConfig(null, pairs).DATASET, { onWarning: (text) => warnings.push(text) });
}

Deno.test("loadImageFolder() numbers classes by sorted folder names", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    Deno.writeTextFileSync(join(root, "train", "ant", "notes.txt"), "no image");
    Deno.mkdirSync(join(root, "train", "bee", "more"));
    Deno.writeFileSync(join(root, "train", "bee", "more", "0.png"), FILES.get("alpha.png")!);
    const { train, test } = await load(root, { TRANSFORM: "imagenet" });
    assert(isFileDataset(train));
    assertEquals(train.classes, ["ant", "bee", "cat"]);
    assertEquals([...train.labels], [0, 0, 1, 1, 1, 2, 2]);
    assertEquals(train.source.paths.slice(2, 5), ["bee/1.jpg", "bee/2.JPEG", "bee/more/0.png"]);
    assertEquals([train.height, train.width, train.channels], [224, 224, 3]);
    assertEquals(train.mean, [0.485, 0.456, 0.406]);
    assertEquals([train.name, test.name], ["image_folder/train", "image_folder/val"]);
    assertEquals([...test.labels], [0, 1, 2]);
    assertEquals((test as FileDataset).source.transform.resize, 256);
  });
});

Deno.test("loadImageFolder() keeps small images in memory", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    Deno.renameSync(join(root, "val"), join(root, "test"));
    const workers = await load(root, { NUM_WORKERS: "2" });
    const { train, test } = await load(root);
    assertEquals(workers, { train, test });
    assert(!isFileDataset(train));
    // The images are 29 x 22; their side is the first one's longer side.
    assertEquals([train.length, train.height, train.images.length], [6, 29, 6 * 3 * 29 * 29]);
    assertEquals([test.name, test.length], ["image_folder/test", 3]);
    assertEquals(train.mean, [0.4914, 0.4822, 0.4465]);
    const small = await load(root, { IMAGE_SIZE: "16", NORMALIZE: "imagenet" });
    assertEquals((small.train as ImageDataset).images.length, 6 * 3 * 16 * 16);
    assertEquals(small.train.mean, [0.485, 0.456, 0.406]);
  });
});

Deno.test("loadImageFolder() selects images by SUBSET and VALIDATION wherever they are", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    for (const TRANSFORM of ["imagenet", "cifar"]) {
      const { train, test } = await load(root, { TRANSFORM, VALIDATION: "1" });
      assertEquals([...train.labels], [0, 1, 2]);
      assertEquals([test.length, test.name], [3, "image_folder/validation"]);
      if (isFileDataset(test)) assertEquals([...test.ids], [1, 3, 5]);
    }
  });
});

Deno.test("loadImageFolder() gives both folders the same numbers where their classes differ", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    Deno.renameSync(join(root, "val", "ant"), join(root, "val", "dog"));
    const warnings: string[] = [];
    const { train, test } = await load(root, { TRANSFORM: "imagenet" }, warnings);
    assertEquals(train.classes, ["ant", "bee", "cat", "dog"]);
    assertEquals([...test.labels], [1, 2, 3]);
    assertEquals(warnings, [
      "train and val do not have the same classes: only train has ant, and only val has dog; all 4 " +
      "names of both count",
    ]);
    for (const name of ["eel", "fox", "gnu"]) {
      Deno.mkdirSync(join(root, "val", name));
      Deno.copyFileSync(join(root, "train", "bee", "1.jpg"), join(root, "val", name, "1.jpg"));
    }
    warnings.length = 0;
    await load(root, { TRANSFORM: "imagenet", NUM_CLASSES: "3" }, warnings);
    assertStringIncludes(warnings[0], "and only val has dog, eel, fox, and 1 more; all 7 names");
    assertEquals(warnings.slice(1), [
      "DATASET.NUM_CLASSES is 3, but the folders have 7 classes, which count",
    ]);
  });
});

Deno.test("loadImageFolder() says what is missing", async () => {
  await inTempDir(async (root) => {
    await assertRejects(() => load(""), RangeError, "wants DATASET.ROOT");
    await assertRejects(() => load(root), RangeError, "is not a folder of images");
    writeImageFolder(root);
    const small = { TRANSFORM: "imagenet", IMAGE_SIZE: "32", RESIZE: "16" };
    await assertRejects(() => load(root, small), RangeError, "at least the image size 32");
    Deno.mkdirSync(join(root, "train", "empty"));
    await assertRejects(() => load(root), Error, "empty has no image");
  });
});

Deno.test("loadImageFolder() names a corrupt image, or leaves it out", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    const path = join(root, "train", "bee", "1.jpg");
    Deno.writeFileSync(path, Deno.readFileSync(path).subarray(0, 300));
    await assertRejects(() => load(root), Error, `cannot decode ${path}: `);
    await assertRejects(() => load(root, { NUM_WORKERS: "1" }), Error, `cannot decode ${path}: `);
    const warnings: string[] = [];
    const { train } = await load(root, { ON_CORRUPT: "skip" }, warnings);
    assertEquals([...train.labels], [0, 0, 1, 2, 2]);
    assertEquals(train.length, 5);
    assertEquals(warnings.length, 1);
    assert(warnings[0].startsWith(`${path} is left out: `), warnings[0]);
    const whole = (await load(root, { ON_CORRUPT: "skip" })).train as ImageDataset;
    const size = 3 * 29 * 29;
    // The image behind the corrupt one has moved up.
    Deno.removeSync(path);
    const without = (await load(root)).train as ImageDataset;
    assertEquals(whole.images.subarray(2 * size), without.images.subarray(2 * size));
  });
});
