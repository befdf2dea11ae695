import { fromFileUrl, join } from "@std/path";
import { assertEquals, assertRejects } from "@std/assert";
import { loadCifar } from "../../src/data/cifar.ts";
import type { ImageDataset } from "../../src/data/image_dataset.ts";
import { loadDataset } from "../../src/data/load_dataset.ts";
import { loadConfig } from "../../src/config/load_config.ts";
import { fixturePath } from "./image_fixture.ts";
import { inTempDir } from "../temp_dir.ts";
import { extract } from "./extract.ts";

const ARCHIVE = fixturePath("data_cifar.tar.gz");

/** The rule of tests/fixtures/make_data_cifar.py. */
function check(set: ImageDataset, numbers: readonly number[]): void {
  const classes = set.classes.length;
  assertEquals([...set.labels], numbers.map((i) => (3 * i + 1) % classes));
  assertEquals([set.channels, set.height, set.width], [3, 32, 32]);
  const images = new Uint8Array(numbers.length * 3072);
  for (const [at, i] of numbers.entries()) {
    for (let k = 0; k < 3072; k++) {
      const [c, y, x] = [Math.floor(k / 1024), Math.floor(k / 32) % 32, k % 32];
      images[at * 3072 + k] = (7 * i + c + y + x) % 256;
    }
  }
  assertEquals(set.images, images);
}

const TRAIN_10 = Array.from({ length: 10 }, (_, i) => i);

Deno.test("loadCifar() reads CIFAR-100 from an archive, with its fine labels", async () => {
  const { train, test } = await loadCifar("cifar100", ARCHIVE);
  check(train, [0, 1, 2, 3]);
  check(test, [4, 5]);
  assertEquals(train.classes, Array.from({ length: 100 }, (_, i) => `fine ${i}`));
  assertEquals([train.name, test.name], ["cifar100/train", "cifar100/test"]);
  assertEquals(train.mean, [0.5071, 0.4867, 0.4408]);
  assertEquals(train.std, [0.2675, 0.2565, 0.2761]);
});

Deno.test("loadCifar() reads CIFAR-10 from its five training files", async () => {
  const { train, test } = await loadCifar("cifar10", ARCHIVE);
  check(train, TRAIN_10);
  check(test, [10, 11]);
  assertEquals(train.classes[9], "class 9");
});

Deno.test("loadCifar() says which files its images come from", async () => {
  const archived = (await loadCifar("cifar10", ARCHIVE)).train.files!;
  assertEquals(join(archived.root, archived.paths[0]), ARCHIVE);
  await inTempDir(async (root) => {
    await extract(ARCHIVE, root);
    const { train, test } = await loadCifar("cifar10", root);
    const five = [1, 2, 3, 4, 5].map((n) => `data_batch_${n}`);
    assertEquals(train.files!.paths, ["batches.meta", ...five]);
    assertEquals(test.files, {
      root: join(root, "cifar-10-batches-py"),
      paths: ["batches.meta", "test_batch"],
    });
  });
});

Deno.test("loadCifar() finds folders, a folder itself and an archive by its name", async () => {
  await inTempDir(async (root) => {
    await extract(ARCHIVE, root);
    check((await loadCifar("cifar100", root)).train, [0, 1, 2, 3]);
    for (const folder of ["cifar-100-python", "cifar-100-binary"]) {
      check((await loadCifar("cifar100", join(root, folder))).test, [4, 5]);
    }
    for (const folder of ["cifar-10-batches-py", "cifar-10-batches-bin"]) {
      check((await loadCifar("cifar10", join(root, folder))).train, TRAIN_10);
    }
    Deno.mkdirSync(join(root, "archives"));
    Deno.copyFileSync(ARCHIVE, join(root, "archives", "cifar-100-python.tar.gz"));
    const config = loadConfig(null, [
      ...["DATASET.TYPE", "cifar100", "DATASET.ROOT", join(root, "archives")],
    ]);
    check((await loadDataset(config.DATASET)).train as ImageDataset, [0, 1, 2, 3]);
  });
});

Deno.test("loadCifar() says what is missing or damaged", async () => {
  await inTempDir(async (root) => {
    await assertRejects(() => loadCifar("cifar100", root), Error, "data download cifar100");
    await assertRejects(
      () => loadCifar("cifar100", root),
      Error,
      "the archive cifar-100-python.tar.gz or cifar-100-binary.tar.gz",
    );
    await assertRejects(() => loadCifar("cifar100", root), Error, "or to the archive itself");
    await extract(ARCHIVE, root);
    const train = join(root, "cifar-100-binary", "train.bin");
    Deno.writeFileSync(train, Deno.readFileSync(train).subarray(0, 4000));
    const binary = () => loadCifar("cifar100", join(root, "cifar-100-binary"));
    await assertRejects(binary, Error, "train.bin is damaged: it has 4000 bytes");
    const pickle = join(root, "cifar-100-python", "train");
    Deno.writeFileSync(pickle, Deno.readFileSync(pickle).subarray(0, 4000));
    await assertRejects(
      () => loadCifar("cifar100", root),
      Error,
      "the file is truncated or damaged",
    );
    const cut = join(root, "cut.tar.gz");
    Deno.writeFileSync(cut, Deno.readFileSync(ARCHIVE).subarray(0, 1000));
    await assertRejects(() => loadCifar("cifar100", cut), Error, "not a whole .tar.gz archive");
    const names = join(root, "cifar-10-batches-bin", "batches.meta.txt");
    Deno.writeTextFileSync(names, "a\nb\n");
    const few = () => loadCifar("cifar10", join(root, "cifar-10-batches-bin"));
    await assertRejects(few, Error, "it has the label 4, and there are 2 classes");
  });
});

Deno.test("loadDataset() names the data sets there are", async () => {
  const { DATASET } = loadConfig(null, ["DATASET.TYPE", "cifar1000"]);
  await assertRejects(
    () => loadDataset(DATASET),
    RangeError,
    "DATASET.TYPE can be fashion_mnist, cifar10, cifar100, imagenet, image_folder",
  );
});

const SAMPLE = new URL("../../../shared/data/cifar-100-sample.tar.gz", import.meta.url);

function present(file: URL): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
}

Deno.test({
  name: "loadCifar() reads the same from both formats of a larger sample",
  ignore: !present(SAMPLE),
  fn: async () => {
    await inTempDir(async (root) => {
      await extract(fromFileUrl(SAMPLE), root);
      const python = await loadCifar("cifar100", join(root, "cifar-100-python"));
      assertEquals([python.train.length, python.test.length], [1000, 200]);
      const binary = await loadCifar("cifar100", join(root, "cifar-100-binary"));
      for (const part of ["train", "test"] as const) {
        const { files, ...images } = binary[part];
        assertEquals(files!.paths, ["fine_label_names.txt", `${part}.bin`]);
        const { files: others, ...same } = python[part];
        assertEquals(others!.paths, ["meta", part]);
        assertEquals(images, same);
      }
    });
  },
});
