import { join } from "@std/path";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { Batch } from "../../../src/data/loading/batch.ts";
import type { AugmentOptions } from "../../../src/data/augment/image_augmenter.ts";
import { DecodePool } from "../../../src/data/decode/decode_pool.ts";
import type { FileDataset } from "../../../src/data/image_dataset.ts";
import type { ImageFiles } from "../../../src/data/images/image_files.ts";
import { listImages } from "../../../src/data/images/list_images.ts";
import { StreamLoader } from "../../../src/data/loading/stream_loader.ts";
import { boxOf, bytes, FILES, IMAGES, writeImageFolder } from "../image_fixture.ts";
import { inTempDir } from "../../temp_dir.ts";

const SIZE = 12;
const IMAGE = 3 * SIZE * SIZE;

function dataset(root: string, workers = 0, source: Partial<ImageFiles> = {}): FileDataset {
  const { paths, labels, classes } = listImages(join(root, "train"));
  const normalisation = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] };
  return {
    name: "folder/train",
    labels,
    classes,
    length: labels.length,
    channels: 3,
    height: SIZE,
    width: SIZE,
    ...normalisation,
    ids: Int32Array.from(paths.keys()),
    source: {
      root: join(root, "train"),
      paths,
      pool: new DecodePool(workers),
      transform: { size: SIZE, resize: 14, cacheSide: 18, ...normalisation },
      onCorrupt: "error",
      cacheRoot: null,
      onWarning: (message) => {
        throw new Error(message);
      },
      ...source,
    },
  };
}

function copy({ images, labels, indices, size }: Batch): Batch {
  return { images: images.slice(), labels: labels.slice(), indices: indices.slice(), size };
}

async function batches(loader: StreamLoader, epoch = 1, startStep = 0): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of loader.epoch(epoch, { startStep })) all.push(copy(batch));
  return all;
}

/** All batches of some epochs of a loader of its own. */
async function load(
  set: FileDataset,
  train: boolean,
  epochs = [1],
  batchSize = 2,
  augment?: AugmentOptions,
): Promise<Batch[][]> {
  const loader = new StreamLoader(set, { batchSize, train, seed: 5, augment });
  const all: Batch[][] = [];
  try {
    for (const epoch of epochs) all.push(await batches(loader, epoch));
  } finally {
    loader.close();
  }
  return all;
}

Deno.test("StreamLoader.epoch() is the same for any number of workers", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    const inline = await load(dataset(root), true, [1, 2]);
    for (const workers of [1, 3]) {
      assertEquals(await load(dataset(root, workers), true, [1, 2]), inline);
    }
    assertNotEquals(inline[0], inline[1]);
    assertEquals(inline[0].map(({ size }) => size), [2, 2, 2]);
    assertEquals(new Set(inline[0].flatMap(({ indices }) => [...indices])).size, 6);
  });
});

Deno.test("StreamLoader.epoch() varies an image anew each time that a balanced epoch draws it", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    const set = dataset(root);
    const labels = set.labels.map((_, i) => Number(i === 0));
    const loader = new StreamLoader({ ...set, labels }, {
      ...{ batchSize: 2, train: true, sampler: "balanced", seed: 5 },
    });
    const first = (await batches(loader, 1)).flatMap(({ images, indices }) =>
      [...indices.entries()].filter(([, position]) => position === 0)
        .map(([at]) => String(images.slice(at * IMAGE, at * IMAGE + IMAGE)))
    );
    assert(first.length > 1, `${first.length} times`);
    assertEquals(new Set(first).size, first.length);
    assertEquals(await batches(loader, 2, 1), (await batches(loader, 2)).slice(1));
    loader.close();
  });
});

Deno.test("StreamLoader.epoch() varies images alike with any number of workers, and from any step on", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    const augment: AugmentOptions = {
      randAugment: { magnitude: 20 },
      colorJitter: { brightness: 0.4, hue: 0.2 },
      randomErasing: { p: 0.8, value: "random" },
    };
    const [plain] = await load(dataset(root), true);
    const [varied] = await load(dataset(root), true, [1], 2, augment);
    assertNotEquals(varied, plain);
    assertEquals((await load(dataset(root, 2), true, [1], 2, augment))[0], varied);
    const loader = new StreamLoader(dataset(root), { batchSize: 2, train: true, seed: 5, augment });
    try {
      assertEquals(await batches(loader, 1, 1), varied.slice(1));
    } finally {
      loader.close();
    }
    // The same parts and mirrors, whose bytes pass through the canvas.
    const nothing = { randAugment: { numOps: 0 }, randomErasing: { p: 0 } };
    assertEquals((await load(dataset(root), true, [1], 2, nothing))[0], plain);
    assertEquals(
      await load(dataset(root), false, [1], 2, augment),
      await load(dataset(root), false),
    );
  });
});

Deno.test("StreamLoader.epoch() in test mode goes in order and pads the last batch", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    const [[first, last]] = await load(dataset(root), false, [1], 4);
    assertEquals([...first.indices, ...last.indices], [0, 1, 2, 3, 4, 5, -1, -1]);
    assertEquals([...first.labels, ...last.labels], [0, 0, 1, 1, 2, 2, 0, 0]);
    assertEquals(last.size, 2);
    assert(last.images.subarray(2 * IMAGE).every((value) => value === 0));
    assert(last.images.subarray(0, 2 * IMAGE).some((value) => value !== 0));
  });
});

Deno.test("StreamLoader.epoch() in test mode gives torchvision's pixels, normalised", async () => {
  await inTempDir(async (root) => {
    const { pixels, width, height } = IMAGES.decoded.find(({ name }) => name === "rgb_named.jpg")!;
    Deno.mkdirSync(join(root, "train", "only"), { recursive: true });
    Deno.writeFileSync(join(root, "train", "only", "a.jpg"), FILES.get("rgb_named.jpg")!);
    const set = dataset(root);
    const transform = { ...set.source.transform, size: 22, resize: 22 };
    const source = { ...set.source, transform };
    const [[batch]] = await load({ ...set, height: 22, width: 22, source }, false, [1], 1);
    // The shorter side is 22 already, so the centre is only cut out: from column 4, as Python rounds 3.5.
    const box = boxOf([4, 0, 22, 22]);
    const data = bytes(pixels);
    assertEquals([width, height], [29, 22]);
    const expected = Float32Array.from({ length: 3 * 22 * 22 }, (_, i) => {
      const [c, y, x] = [Math.floor(i / 484), Math.floor(i / 22) % 22, i % 22];
      const byte = data[(y * width + box.left + x) * 3 + c];
      return (byte / 255 - set.mean[c]) / set.std[c];
    });
    assertEquals(batch.images, expected);
  });
});

Deno.test("StreamLoader.epoch() goes on at startStep, and after an epoch left early", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    const loader = new StreamLoader(dataset(root, 2), { batchSize: 2, train: true });
    try {
      const whole = await batches(loader, 7);
      assertEquals(await batches(loader, 7, 1), whole.slice(1));
      for await (const batch of loader.epoch(3)) {
        assertEquals(batch.size, 2);
        break;
      }
      assertEquals(await batches(loader, 7), whole);
      assertEquals(await batches(loader, 7, 3), []);
    } finally {
      loader.close();
    }
  });
});

Deno.test("StreamLoader.close() ends the workers in the middle of an epoch", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    const set = dataset(root, 2);
    const loader = new StreamLoader(set, { batchSize: 1, train: true });
    const epoch = loader.epoch(1);
    await epoch.next();
    loader.close();
    // Batches under way are given up; the sanitizer of this test sees workers that go on.
    await assertRejects(async () => {
      for await (const _ of epoch);
    });
  });
});

Deno.test("StreamLoader.epoch() names a corrupt image", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    const path = join(root, "train", "bee", "1.jpg");
    Deno.writeTextFileSync(path, "no image");
    for (const workers of [0, 2]) {
      await assertRejects(
        () => load(dataset(root, workers), false),
        Error,
        `cannot decode ${path}: it is of an unknown kind; images here are JPEG, `,
      );
    }
    Deno.removeSync(path);
    const set = dataset(root);
    Deno.writeTextFileSync(path, "no image");
    const missing = { ...set, source: { ...set.source, paths: ["bee/none.jpg"] } };
    await assertRejects(
      () => load({ ...missing, length: 1, ids: new Int32Array(1) }, false),
      Error,
      "none.jpg: there is no such file or folder",
    );
  });
});

Deno.test("StreamLoader.epoch() puts the next image in a corrupt one's place, or leaves it out", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    for (const name of ["1.jpg", "2.JPEG"]) {
      Deno.writeTextFileSync(join(root, "train", "bee", name), "no image");
    }
    const warnings: string[] = [];
    const source = {
      onCorrupt: "skip",
      onWarning: (text: string) => warnings.push(text),
    } as const;
    const train = await load(dataset(root, 2, source), true, [1, 2]);
    assertEquals(train, await load(dataset(root, 0, source), true, [1, 2]));
    for (const epoch of train) {
      const seen = epoch.flatMap(({ indices }) => [...indices]).sort();
      assertEquals(seen, [0, 1, 4, 4, 4, 5]);
      for (const { labels, indices } of epoch) {
        for (const [at, index] of indices.entries()) {
          assertEquals(labels[at], [0, 0, 1, 1, 2, 2][index]);
        }
      }
    }
    // Each loader names each image once.
    assertEquals(warnings.length, 4);
    const [[first, last]] = await load(dataset(root, 0, source), false, [1], 4);
    assertEquals([first.size, last.size], [2, 2]);
    assertEquals([...first.indices, ...last.indices], [0, 1, -1, -1, 4, 5, -1, -1]);
    assert(first.images.subarray(2 * IMAGE).every((value) => value === 0));
  });
});

Deno.test("StreamLoader.epoch() ends where no image can be decoded", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    for (const name of ["ant", "bee", "cat"]) {
      for (const file of ["1.jpg", "2.JPEG"]) {
        Deno.writeTextFileSync(join(root, "train", name, file), "no image");
      }
    }
    const source = { onCorrupt: "skip", onWarning: () => {} } as const;
    await assertRejects(
      () => load(dataset(root, 0, source), true),
      Error,
      "no image of folder/train can be decoded",
    );
  });
});
