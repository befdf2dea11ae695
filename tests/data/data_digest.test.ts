import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import {
  dataFacts,
  splitChange,
  splitDigest,
  type SplitFacts,
} from "../../src/data/data_digest.ts";
import { loadDataset } from "../../src/data/load_dataset.ts";
import { loadConfig } from "../../src/config/resolve_config.ts";
import { holdOutPerClass, subsetPerClass } from "../../src/data/select.ts";
import { inTempDir } from "../temp_dir.ts";
import { tinyDataset } from "./helpers.ts";
import { writeImageFolder } from "./image_fixture.ts";

function facts(count: number, change: (path: string, at: number) => string = (path) => path) {
  const paths = Array.from({ length: count }, (_, i) => `c/${String(i).padStart(5, "0")}.png`);
  return {
    images: count,
    paths: paths.map(change),
    sizes: Float64Array.from(paths, (_, i) => 100 + i),
    times: Float64Array.from(paths, (_, i) => 1e12 + i),
  } satisfies SplitFacts;
}

Deno.test("splitChange() finds the first file that is another, larger or newer", () => {
  for (const count of [1, 7, 512]) {
    const saved = splitDigest(facts(count));
    assertEquals(splitChange(saved, facts(count)), null);
    const at = count - 1;
    const name = facts(count).paths[at];
    const other = facts(count, (path, i) => i === at ? `${path}x` : path);
    const common = { before: count, now: count, exact: true };
    assertEquals(splitChange(saved, other), { what: "names", first: `${name}x`, ...common });
    const larger = facts(count);
    larger.sizes[at]++;
    larger.times[at]++;
    assertEquals(splitChange(saved, larger), { what: "sizes", first: name, ...common });
    const newer = facts(count);
    newer.times[at]++;
    assertEquals(splitChange(saved, newer), { what: "times", first: name, ...common });
  }
});

Deno.test("splitChange() notices more files and fewer, at the end too", () => {
  const saved = splitDigest(facts(5));
  const [more, fewer, none] = [6, 4, 0].map((count) => splitChange(saved, facts(count))!);
  assertEquals([more.what, more.before, more.now, more.first], ["names", 5, 6, "c/00005.png"]);
  assertEquals([fewer.what, fewer.before, fewer.now, fewer.first], ["names", 5, 4, "c/00003.png"]);
  assertEquals([none.now, none.first], [0, ""]);
});

Deno.test("splitDigest() stays small for many files, and says where a change is near", () => {
  const saved = splitDigest(facts(3000));
  assertEquals(saved.run, 6);
  assertEquals(JSON.stringify(saved).length < 9000, true);
  const moved = facts(3000, (path, i) => i === 1234 ? `${path}x` : path);
  const { first, exact } = splitChange(saved, moved)!;
  assertEquals([first, exact], ["c/01230.png", false]);
  // The runs are those of the digest, whatever number of files there is now.
  assertEquals(splitChange(saved, facts(2000))!.first, "c/01998.png");
  assertThrows(() => splitChange({ ...saved, run: 0 }, facts(1)), RangeError);
});

Deno.test("dataFacts() are those of the images that are used, below the root, kept in memory or not", async () => {
  await inTempDir(async (folder) => {
    const root = join(folder, "a");
    writeImageFolder(root);
    for (const transform of ["imagenet", "cifar"]) {
      const load = async (root: string, ...more: string[]) => {
        const overrides = ["DATASET.TYPE", "image_folder", "DATASET.ROOT", root];
        const { DATASET } = loadConfig(null, [
          ...overrides,
          ...["DATASET.TRANSFORM", transform, "DATASET.IMAGE_SIZE", "28", ...more],
        ]);
        return await dataFacts(await loadDataset(DATASET));
      };
      const whole = await load(root);
      assertEquals(whole.train!.paths.length, 6);
      assertEquals(whole.train!.sizes.every((size) => size > 0), true);
      assertEquals(whole.train!.times.every((time) => time > 1e12), true);
      assertEquals(whole.test!.paths, ["ant/3.png", "bee/3.png", "cat/3.png"]);
      const part = await load(root, "DATASET.VALIDATION", "1");
      assertEquals(part.train!.paths, ["ant/1.jpg", "bee/1.jpg", "cat/1.jpg"]);
      assertEquals(part.test!.paths, ["ant/2.JPEG", "bee/2.JPEG", "cat/2.JPEG"]);
      Deno.renameSync(root, join(folder, "b"));
      assertEquals(await load(join(folder, "b")), whole);
      Deno.renameSync(join(folder, "b"), root);
    }
  });
});

Deno.test("dataFacts() of Fashion-MNIST are its contents', whenever its cache was made", async () => {
  const { DATASET } = loadConfig(null, ["DATASET.TYPE", "fashion_mnist", "DATASET.SUBSET", "2"]);
  const { train } = await dataFacts(await loadDataset(DATASET));
  assertEquals([train!.paths, [...train!.times], train!.images], [["fashion_mnist.bin"], [0], 20]);
  assertEquals(train!.sizes[0] > 0, true);
});

Deno.test("subsetPerClass() and holdOutPerClass() keep which files images come from", async () => {
  const paths = ["a", "b", "c", "d", "e", "f"];
  const dataset = {
    ...tinyDataset(3),
    files: { root: "", paths, ids: Int32Array.from(paths.keys()) },
  };
  const { train, validation } = holdOutPerClass(dataset, 1);
  assertEquals([...validation.files!.ids!], [2, 5]);
  assertEquals([...subsetPerClass(train, 1).files!.ids!], [0, 3]);
  assertEquals((await dataFacts({ train, test: tinyDataset(1) })).test, null);
});
