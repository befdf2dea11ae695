import { dirname, join } from "@std/path";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Batch } from "../../../src/data/loading/batch.ts";
import { createLoader } from "../../../src/data/loading/loader.ts";
import { loadDataset } from "../../../src/data/load_dataset.ts";
import { loadConfig } from "../../../src/config/resolve_config.ts";
import { PackedCache } from "../../../src/data/cache/packed_cache.ts";
import { FILES, writeImageFolder } from "../image_fixture.ts";
import { inTempDir } from "../../temp_dir.ts";

interface Loaded {
  train: Batch[];
  test: Batch[];
  warnings: string[];
}

/** Two training epochs and an evaluation of a folder with a cache beside it. */
async function load(root: string, workers = "0", transform = "imagenet"): Promise<Loaded> {
  const warnings: string[] = [];
  const { DATASET } = loadConfig(null, [
    ...["DATASET.TYPE", "image_folder", "DATASET.ROOT", root, "DATASET.NUM_WORKERS", workers],
    ...["DATASET.TRANSFORM", transform, "DATASET.IMAGE_SIZE", "10", "DATASET.RESIZE", "12"],
    ...["DATASET.CACHE", "true", "DATASET.CACHE_DIR", join(root, "cache")],
  ]);
  const splits = await loadDataset(DATASET, { onWarning: (text) => warnings.push(text) });
  const read = async (train: boolean, epochs: number) => {
    const set = train ? splits.train : splits.test;
    const loader = createLoader(set, { batchSize: 3, train });
    const all: Batch[] = [];
    try {
      for (let epoch = 1; epoch <= epochs; epoch++) {
        for await (const batch of loader.epoch(epoch)) all.push(structuredClone(batch));
      }
    } finally {
      loader.close();
    }
    return all;
  };
  return { train: await read(true, 2), test: await read(false, 1), warnings };
}

function cacheFiles(root: string, ending: string): string[] {
  const cache = join(root, "cache");
  return [...Deno.readDirSync(cache)].flatMap(({ name }) =>
    [...Deno.readDirSync(join(cache, name))]
      .filter((file) => file.name.endsWith(ending))
      .map((file) => join(cache, name, file.name))
  ).sort();
}

/** Puts something else of the same length and time in place of an image, as if it were not read again. */
function blank(path: string): void {
  const { size, mtime } = Deno.statSync(path);
  Deno.writeFileSync(path, new Uint8Array(size));
  Deno.utimeSync(path, mtime!, mtime!);
}

for (const transform of ["imagenet", "cifar"]) {
  Deno.test(`a packed cache keeps the images of TRANSFORM ${transform} from being decoded again`, async () => {
    await inTempDir(async (root) => {
      writeImageFolder(root);
      const first = await load(root, "2", transform);
      for (const split of ["train", "val"]) {
        for (const { name } of Deno.readDirSync(join(root, split))) {
          for (const file of Deno.readDirSync(join(root, split, name))) {
            blank(join(root, split, name, file.name));
          }
        }
      }
      assertEquals(await load(root, "1", transform), first);
      assertEquals(first.warnings, []);
    });
  });
}

Deno.test("a packed cache is left alone when the files have changed", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    const first = await load(root);
    Deno.writeFileSync(join(root, "train", "ant", "1.jpg"), FILES.get("alpha.png")!);
    const second = await load(root);
    assert(JSON.stringify(second.train) !== JSON.stringify(first.train));
    assertEquals(second.test, first.test);
  });
});

Deno.test("damage to a packed cache is seen, and the images are decoded again", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    const first = await load(root);
    const [shard, ...others] = cacheFiles(root, ".bin");
    const bytes = Deno.readFileSync(shard);
    bytes[5] ^= 1;
    Deno.writeFileSync(shard, bytes);
    Deno.truncateSync(others[0], 100);
    assertEquals(await load(root), first);
    for (const index of cacheFiles(root, "index")) Deno.writeTextFileSync(index, "{}\n");
    const { warnings, ...anew } = await load(root);
    assertEquals(anew, { train: first.train, test: first.test });
    assertEquals(warnings.length, 2);
    for (const text of warnings) assertStringIncludes(text, "is damaged; the cache is made anew");
    for (const path of cacheFiles(root, ".bin")) Deno.removeSync(path);
    assertEquals(await load(root), first);
  });
});

Deno.test("PackedCache.open() lets one write at a time and removes what no index names", async () => {
  await inTempDir((root) => {
    const folder = join(root, "cache");
    const warnings: string[] = [];
    const open = () => PackedCache.open(folder, 2, (text) => warnings.push(text));
    const first = open();
    const entry = { shard: "a-0.bin", offset: 4, width: 2, height: 3, sum: 0xffffffff };
    first.put(1, entry);
    first.save();
    Deno.writeTextFileSync(join(folder, "a-0.bin"), "");
    Deno.writeTextFileSync(join(folder, "stray-0.bin"), "");
    const second = open();
    assertEquals([first.writable, second.writable], [true, false]);
    assert(warnings[0].includes("another run is filling the image cache"), warnings[0]);
    assertEquals([second.get(0), second.get(1), second.size], [null, entry, 1]);
    second.close();
    first.close();
    const third = open();
    assertEquals(third.writable, true);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "a-0.bin",
      "index",
      "lock",
    ]);
    third.close();
    return Promise.resolve();
  });
});

Deno.test("PackedCache.open() goes on where a stray file cannot be removed", async () => {
  await inTempDir((root) => {
    const folder = join(root, "cache");
    // A folder with something in it stands for a file that may not be removed.
    Deno.mkdirSync(join(folder, "stray-0.bin", "x"), { recursive: true });
    Deno.writeTextFileSync(join(folder, "stray-1.bin"), "");
    const warnings: string[] = [];
    const cache = PackedCache.open(folder, 2, (text) => warnings.push(text));
    assert(cache.writable);
    assertEquals(warnings.length, 1);
    assert(warnings[0].startsWith(`${join(folder, "stray-0.bin")}, left by`), warnings[0]);
    cache.close();
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assertEquals(names.toSorted(), ["lock", "stray-0.bin"]);
    return Promise.resolve();
  });
});

Deno.test("PackedCache.open() closes a lock that it does not get", async () => {
  await inTempDir((root) => {
    const { tryLockSync } = Deno.FsFile.prototype;
    const locks: Deno.FsFile[] = [];
    Deno.FsFile.prototype.tryLockSync = function () {
      locks.push(this);
      throw new Error("No locks available (os error 37)");
    };
    const warnings: string[] = [];
    try {
      const cache = PackedCache.open(root, 2, (text) => warnings.push(text));
      assertEquals(cache.writable, false);
      cache.close();
    } finally {
      Deno.FsFile.prototype.tryLockSync = tryLockSync;
    }
    assertEquals(warnings, [`the image cache ${root} cannot be written: No locks available`]);
    assertThrows(() => locks[0].statSync(), Deno.errors.BadResource);
    return Promise.resolve();
  });
});

Deno.test("a packed cache that cannot be written is told of once, and the images come all the same", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    Deno.writeTextFileSync(join(root, "cache"), "in the way");
    const { warnings, train, test } = await load(root);
    assertEquals([train.length, test.length], [4, 1]);
    assertEquals(warnings.length, 2);
    assert(warnings.every((text) => /^the image cache .* cannot be written: /.test(text)));
  });
});

Deno.test("any wrong word of a packed cache's index is seen, and no sound image is blamed for it", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    const first = await load(root);
    const [index] = cacheFiles(root, "index");
    const whole = Deno.readFileSync(index);
    const images = Number(/"images":(\d+)/.exec(Deno.readTextFileSync(index))![1]);
    for (let at = 0; at < whole.length; at += 4) {
      const damaged = whole.slice();
      // The largest number of its kind, which as a width would be an image of gigabytes.
      damaged.fill(damaged[at] === 255 ? 0 : 255, at, at + 4);
      Deno.writeFileSync(index, damaged);
      const warnings: string[] = [];
      PackedCache.open(dirname(index), images, (text) => warnings.push(text)).close();
      assertEquals(warnings.length, 1, `byte ${at}`);
    }
    Deno.writeFileSync(index, whole.with(whole.length - 8, whole[whole.length - 8] ^ 64));
    const { warnings, ...anew } = await load(root);
    assertEquals(anew, { train: first.train, test: first.test });
    assertEquals(warnings.length, 1);
    assertEquals(await load(root), first);
  });
});

Deno.test("a packed cache of an earlier version is made anew, which is told", async () => {
  await inTempDir(async (root) => {
    writeImageFolder(root);
    const first = await load(root);
    for (const index of cacheFiles(root, "index")) {
      Deno.writeTextFileSync(index, JSON.stringify({ version: 1, images: 6, shards: [] }) + "\n");
    }
    const { warnings } = await load(root);
    assertStringIncludes(warnings[0], "of an earlier version; the cache is made anew");
    assertEquals(await load(root), first);
  });
});
