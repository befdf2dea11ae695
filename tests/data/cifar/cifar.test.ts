import { fromFileUrl, join } from "@std/path";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadCifar } from "../../../src/data/cifar/cifar.ts";
import type { ImageDataset } from "../../../src/data/image_dataset.ts";
import { registerDataset } from "../../../src/data/registry.ts";
import { loadDataset, loadTestSet } from "../../../src/data/load_dataset.ts";
import { loadConfig } from "../../../src/config/resolve_config.ts";
import { UserError } from "../../../src/errors.ts";
import { fileExists } from "../../../src/formats/paths.ts";
import { fixturePath } from "../image_fixture.ts";
import { inTempDir } from "../../temp_dir.ts";
import { extract } from "../extract.ts";

const ARCHIVE = fixturePath("data_cifar.tar.gz");

function settings(type: string, root: string) {
  return loadConfig(null, ["DATASET.TYPE", type, "DATASET.ROOT", root]).DATASET;
}

/** The rule of tests/fixtures/data/make_data_cifar.py. */
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

Deno.test("DATASET.NORMALIZE names the figures that images in memory are normalised by", async () => {
  const config = { ...settings("cifar10", ARCHIVE), NORMALIZE: "imagenet" as const };
  const { train, test } = await loadDataset(config);
  for (const { mean, std } of [train, test]) {
    assertEquals([mean, std], [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]);
  }
  check(test as ImageDataset, [10, 11]);
  const grey = { ...test, name: "one_grey/test", channels: 1, images: new Uint8Array(2048) };
  registerDataset({
    name: "one_grey",
    doc: "Two images.",
    load: () => ({ train: null, test: grey }),
  });
  await assertRejects(
    () => loadTestSet({ ...config, TYPE: "one_grey" }),
    UserError,
    "DATASET.NORMALIZE imagenet is for images of 3 channels, and those of one_grey have 1; leave it out",
  );
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

Deno.test("loadCifar() reads the split that is wanted, whatever is missing of the other", async () => {
  await inTempDir(async (root) => {
    await extract(ARCHIVE, root);
    const folder = join(root, "cifar-10-batches-py");
    Deno.removeSync(join(root, "cifar-10-batches-bin"), { recursive: true });
    for (let n = 1; n <= 5; n++) Deno.removeSync(join(folder, `data_batch_${n}`));
    const { train, test } = await loadCifar("cifar10", root, { train: false, test: true });
    check(test!, [10, 11]);
    assertEquals(train, null);
    check(await loadTestSet(settings("cifar10", folder)) as ImageDataset, [10, 11]);
    await assertRejects(
      () => loadCifar("cifar10", root),
      Error,
      `there is not all of CIFAR-10 in ${folder}: data_batch_1, data_batch_2, data_batch_3, data_batch_4, ` +
        "data_batch_5 are missing; fetch the archive with `deno task data download cifar10`",
    );
  });
});

Deno.test("loadCifar() names the file that a folder lacks, and takes the archive beside it instead", async () => {
  await inTempDir(async (root) => {
    await extract(ARCHIVE, root);
    Deno.removeSync(join(root, "cifar-100-binary"), { recursive: true });
    const folder = join(root, "cifar-100-python");
    Deno.removeSync(join(folder, "meta"));
    for (const path of [root, folder]) {
      await assertRejects(
        () => loadCifar("cifar100", path),
        Error,
        `there is not all of CIFAR-100 in ${folder}: meta is missing`,
      );
    }
    Deno.copyFileSync(ARCHIVE, join(root, "cifar-100-python.tar.gz"));
    check((await loadCifar("cifar100", root)).train, [0, 1, 2, 3]);
  });
});

/** A gzip file of a header, if any, and zeros, so many MiB of them. */
async function writeBomb(
  path: string,
  header: Uint8Array<ArrayBuffer>,
  megabytes: number,
): Promise<void> {
  const zeros = new Uint8Array(2 ** 20);
  const plain = new Blob([header, ...new Array<Uint8Array<ArrayBuffer>>(megabytes).fill(zeros)]);
  await Deno.writeFile(path, plain.stream().pipeThrough(new CompressionStream("gzip")));
}

/** The header of a file in a tar archive. */
function tarHeader(path: string, size: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(512);
  const put = (text: string, at: number) => header.set(new TextEncoder().encode(text), at);
  put(path, 0);
  put(size.toString(8).padStart(11, "0"), 124);
  put("        0", 148);
  put("ustar", 257);
  put(`${header.reduce((sum, byte) => sum + byte).toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

Deno.test("loadCifar() unpacks no more of an archive than its files need", async () => {
  await inTempDir(async (root) => {
    const path = join(root, "zeros.tar.gz");
    const start = performance.now();
    const most = 8 * 2 ** 30 - 1;
    for (
      const [header, error] of [
        [new Uint8Array(512), "does not hold CIFAR-100"],
        [tarHeader("other", most), "it holds more than 1073741824 bytes"],
        [tarHeader("cifar-100-python/train", most), "has 8589934591 bytes, which is too much"],
      ] as const
    ) {
      await writeBomb(path, header, 64);
      await assertRejects(() => loadCifar("cifar100", path), Error, error);
    }
    assert(performance.now() - start < 10_000);
  });
});

Deno.test("loadCifar() neither waits for a pipe nor reads a device", async () => {
  await inTempDir(async (root) => {
    const pipe = join(root, "pipe.tar.gz");
    new Deno.Command("mkfifo", { args: [pipe] }).outputSync();
    await assertRejects(() => loadCifar("cifar100", pipe), Error, "it is a pipe, not a file");
    await assertRejects(() => loadCifar("cifar100", "/dev/zero"), Error, "it is a device, not");
    await extract(ARCHIVE, root);
    const train = join(root, "cifar-100-python", "train");
    Deno.removeSync(train);
    Deno.renameSync(pipe, train);
    await assertRejects(() => loadCifar("cifar100", root), Error, `${train}: it is a pipe`);
  });
});

Deno.test("loadDataset() names the data sets there are", async () => {
  const { DATASET } = loadConfig(null, ["DATASET.TYPE", "cifar1000"]);
  await assertRejects(
    () => loadDataset(DATASET),
    UserError,
    "DATASET.TYPE can be fashion_mnist, cifar10, cifar100, imagenet, image_folder",
  );
});

const SAMPLE = new URL("../../../../shared/data/cifar-100-sample.tar.gz", import.meta.url);

Deno.test({
  name: "loadCifar() reads the same from both formats of a larger sample",
  ignore: !fileExists(fromFileUrl(SAMPLE)),
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
