import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { loadConfig } from "../../../src/config/resolve_config.ts";
import {
  type FileDataset,
  type ImageDataset,
  isFileDataset,
} from "../../../src/data/image_dataset.ts";
import {
  type DatasetSplits,
  loadDataset,
  loadTestSet,
  loadTrainSet,
} from "../../../src/data/load_dataset.ts";
import { UserError } from "../../../src/errors.ts";
import { inTempDir } from "../../temp_dir.ts";
import { FILES, writeImageFolder } from "../image_fixture.ts";

function load(
  root: string,
  settings: Record<string, string> = {},
  warnings: string[] = [],
): Promise<DatasetSplits> {
  return loadDataset(config(root, settings), { onWarning: (text) => warnings.push(text) });
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
    await assertRejects(() => load(""), UserError, "wants DATASET.ROOT");
    await assertRejects(() => load(root), UserError, "is not a folder of images");
    writeImageFolder(root);
    const small = { TRANSFORM: "imagenet", IMAGE_SIZE: "32", RESIZE: "16" };
    await assertRejects(() => load(root, small), UserError, "at least the image size 32");
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

function config(root: string, settings: Record<string, string> = {}) {
  const all = { TYPE: "image_folder", NUM_WORKERS: "0", ROOT: root, ...settings };
  const pairs = Object.entries(all).flatMap(([key, value]) => [`DATASET.${key}`, value]);
  return loadConfig(null, pairs).DATASET;
}

/** A bitmap of one colour. */
function bitmap(width: number, height: number): Uint8Array {
  const stride = Math.ceil(width * 3 / 4) * 4;
  const bytes = new Uint8Array(54 + stride * height);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("BM"));
  view.setUint32(10, 54, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(28, 24, true);
  return bytes.fill(100, 54);
}

/** Writes bitmaps of some sizes as the images of one class in `train` and `val`. */
function writeSizes(root: string, sizes: readonly (readonly [number, number])[]): void {
  for (const split of ["train", "val"]) {
    Deno.mkdirSync(join(root, split, "a"), { recursive: true });
    for (const [i, [width, height]] of sizes.entries()) {
      const path = join(root, split, "a", `${String(i).padStart(3, "0")}.bmp`);
      Deno.writeFileSync(path, bitmap(width, height));
    }
  }
}

/** Loads a folder, and gives what was told. */
async function told(root: string, settings: Record<string, string> = {}) {
  const notes: string[] = [];
  const warnings: string[] = [];
  const splits = await loadDataset(config(root, settings), {
    onNote: (text) => notes.push(text),
    onWarning: (text) => warnings.push(text),
  });
  return { ...splits, notes, warnings };
}

Deno.test("loadTestSet() wants no training images and decodes none, but numbers classes with theirs", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    for (const { name } of Deno.readDirSync(join(root, "train"))) {
      for (const file of Deno.readDirSync(join(root, "train", name))) {
        Deno.writeTextFileSync(join(root, "train", name, file.name), "no image");
      }
    }
    Deno.mkdirSync(join(root, "train", "aardvark"));
    const settings = { TRANSFORM: "cifar", IMAGE_SIZE: "16" };
    const among = await loadTestSet(config(root, settings));
    assertEquals(among.classes, ["aardvark", "ant", "bee", "cat"]);
    assertEquals([...among.labels], [1, 2, 3]);
    Deno.removeSync(join(root, "train"), { recursive: true });
    const alone = await loadTestSet(config(root));
    assertEquals([alone.classes, [...alone.labels]], [["ant", "bee", "cat"], [0, 1, 2]]);
    assertEquals(alone.width, 29);
    const wanted = "it wants train/<class>/* in it; set DATASET.ROOT";
    await assertRejects(() => loadTrainSet(config(root)), UserError, wanted);
    await assertRejects(() => load(root), UserError, wanted);
    // The validation images are training images.
    await assertRejects(() => loadTestSet(config(root, { VALIDATION: "1" })), UserError, wanted);
  });
});

Deno.test("loadTrainSet() wants no test images", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    const { train } = await load(root);
    Deno.removeSync(join(root, "val"), { recursive: true });
    assertEquals(await loadTrainSet(config(root)), train);
    await assertRejects(
      () => loadTestSet(config(root)),
      UserError,
      "it wants val/<class>/* (or test) in it",
    );
    const { length } = await loadTestSet(config(root, { VALIDATION: "1" }));
    assertEquals(length, 3);
  });
});

Deno.test("loadImageFolder() decides by more than one image, and says what and why", async () => {
  await inTempDir(async (root) => {
    const large = Array.from({ length: 9 }, () => [100, 80] as const);
    writeSizes(root, [[48, 40], ...large]);
    const { train, notes, warnings } = await told(root);
    assertEquals([isFileDataset(train), train.width], [true, 224]);
    assertEquals(notes, [
      "image_folder: images of 48 x 40 to 100 x 80 (10 of 10 looked at) are cut to 224 x 224, as " +
      "ImageNet's (DATASET.TRANSFORM auto, as most are more than 64 pixels)",
    ]);
    assertEquals(warnings.length, 1);
    assertStringIncludes(warnings[0], "the images have different sizes: 48 x 40 to 100 x 80");
    writeSizes(root, Array.from({ length: 10 }, () => [100, 80] as const));
    assertEquals((await told(root)).warnings, []);
  });
});

Deno.test("loadImageFolder() keeps a set in memory of which one image is large, in the commonest size", async () => {
  await inTempDir(async (root) => {
    writeSizes(root, [[500, 400], [30, 32], [32, 32], [28, 28]]);
    const { train, test, notes, warnings } = await told(root);
    assertEquals([isFileDataset(train), train.width, test.width], [false, 32, 32]);
    assertStringIncludes(notes[0], "are shown as 32 x 32 and kept in memory, as CIFAR's");
    assertStringIncludes(
      warnings[0],
      "28 x 28 to 500 x 400 (4 of 4 looked at); all become 32 x 32",
    );
    const few = await told(root, { TRANSFORM: "cifar", IMAGE_SIZE: "8" });
    assertEquals([few.train.width, few.notes, few.warnings], [
      8,
      [
        "image_folder: all images are shown as 8 x 8 and kept in memory, as CIFAR's (DATASET.TRANSFORM cifar)",
      ],
      [],
    ]);
    const asImageNet = await told(root, { TYPE: "imagenet" });
    assertEquals(asImageNet.notes, [
      "imagenet: all images are cut to 224 x 224, as ImageNet's (DATASET.TRANSFORM auto, as DATASET.TYPE is imagenet)",
    ]);
    const shrunk = await told(root, { TRANSFORM: "imagenet", IMAGE_SIZE: "8" });
    assertEquals(shrunk.notes, [
      "image_folder: all images are cut to 8 x 8, as ImageNet's (DATASET.TRANSFORM imagenet)",
    ]);
    writeSizes(root, [[30, 30], [30, 30], [30, 30], [30, 30]]);
    const grown = await told(root, { IMAGE_SIZE: "96" });
    assertStringIncludes(grown.warnings[0], "the images are small: 30 x 30 (4 of 4 looked at)");
  });
});

Deno.test("loadImageFolder() leaves out the first image where it is corrupt, and ends where all are", async () => {
  await inTempDir(async (root) => {
    writeSizes(root, [[20, 20], [20, 20], [20, 20]]);
    const path = (n: number) => join(root, "train", "a", `00${n}.bmp`);
    Deno.writeTextFileSync(path(0), "xx");
    const skip = { ON_CORRUPT: "skip" };
    const { train, warnings } = await told(root, skip);
    assertEquals([train.length, train.width], [2, 20]);
    assertEquals(warnings.length, 1);
    assertStringIncludes(warnings[0], `${path(0)} is left out: it is of an unknown kind`);
    for (const n of [1, 2]) Deno.writeTextFileSync(path(n), "xx");
    await assertRejects(() => told(root, skip), Error, "none of 3 images looked at can be decoded");
    const sized = { ...skip, TRANSFORM: "cifar", IMAGE_SIZE: "8" };
    await assertRejects(() => told(root, sized), Error, "no image of image_folder/train can be");
    await assertRejects(() => told(root), Error, `cannot decode ${path(0)}: it is of an unknown`);
  });
});

Deno.test("loadImageFolder() names ten corrupt images and sums up the others", async () => {
  await inTempDir(async (root) => {
    writeSizes(root, Array.from({ length: 30 }, () => [20, 20] as const));
    for (let n = 0; n < 25; n++) {
      Deno.writeTextFileSync(
        join(root, "train", "a", `${String(n).padStart(3, "0")}.bmp`),
        "xx",
      );
    }
    const { train, warnings } = await told(root, { ON_CORRUPT: "skip" });
    assertEquals([train.length, warnings.length], [5, 11]);
    assertStringIncludes(warnings[9], "009.bmp is left out");
    assertEquals(
      warnings[10],
      "15 more of the 30 images of image_folder/train are left out, 25 in all",
    );
  });
});

Deno.test("loadImageFolder() names links that lead nowhere, pipes and devices, and leaves them out where told", async () => {
  await inTempDir(async (root) => {
    writeSizes(root, [[20, 20], [20, 20]]);
    const folder = join(root, "train", "a");
    Deno.symlinkSync("/nonexistent/x.png", join(folder, "link.png"));
    Deno.symlinkSync("/nonexistent/y", join(folder, "no_image"));
    Deno.symlinkSync("/dev/zero", join(folder, "zero.png"));
    Deno.symlinkSync("/nonexistent/z", join(root, "train", "no_class"));
    new Deno.Command("mkfifo", { args: [join(folder, "pipe.png")] }).outputSync();
    const { train, warnings } = await told(root, { ON_CORRUPT: "skip" });
    assertEquals([train.length, train.classes], [2, ["a"]]);
    assertEquals(warnings, [
      `${
        join(folder, "link.png")
      } is left out: it is a link to /nonexistent/x.png, which is not there`,
      `${join(folder, "pipe.png")} is left out: it is a pipe, not a file`,
      `${join(folder, "zero.png")} is left out: it is a device, not a file`,
    ]);
    await assertRejects(
      () => told(root),
      Error,
      "/nonexistent/x.png, which is not there; repair or",
    );
  });
});

Deno.test("loadImageFolder() says of grey images of 16 bits what becomes of them", async () => {
  await inTempDir(async (root) => {
    writeSizes(root, [[20, 20]]);
    const grey = new TextEncoder().encode("P5 2 2 65535 \0\x05\0\x50\x01\0\x01\0");
    const path = join(root, "train", "a", "deep.pgm");
    Deno.writeFileSync(path, grey);
    const { train, warnings } = await told(root, { TRANSFORM: "cifar", IMAGE_SIZE: "2" });
    assertEquals([...(train as ImageDataset).images.subarray(12, 16)], [5, 80, 255, 255]);
    assertEquals(warnings, [
      `image_folder/train has grey images of more than 8 bits, such as ${path}: as in Pillow and torchvision, ` +
      "all that is above 255 is white; make them 8 bits to keep their greys",
    ]);
  });
});

Deno.test("loadImageFolder() tells once of more workers than cores", async () => {
  await inTempDir(async (root) => {
    writeSizes(root, [[100, 100]]);
    const NUM_WORKERS = String(navigator.hardwareConcurrency + 1);
    const { warnings } = await told(root, { NUM_WORKERS, TRANSFORM: "imagenet" });
    assertEquals(warnings.length, 1);
    assertStringIncludes(warnings[0], `DATASET.NUM_WORKERS is ${NUM_WORKERS}, but there`);
  });
});
