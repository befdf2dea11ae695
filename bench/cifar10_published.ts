/**
 * Prepares `data/cifar10_published` for `deno task results --table cifar10_published`: the first 3,000 of 4,000 lossless
 * CIFAR-10 images as five training files and the other 1,000 as test file, in the published binary form and order, and beside
 * them the published resnet56 that teaches.
 *
 *     deno task data:published FOLDER
 *
 * FOLDER has `cifar10-first-4000.bin` or `.bin.xz`, the first 4,000 records of `data_batch_1.bin` (unpacked by the program
 * `xz`), and `resnet56-4bfd9763.th` of github akamaster/pytorch_resnet_cifar10.
 *
 * @module
 */
import { join } from "@std/path";
import { CIFAR } from "../src/data/cifar/cifar_layout.ts";
import { CIFAR_CLASSES } from "../src/data/cifar/cifar_names.ts";
import { writeFileAtomic } from "../src/formats/atomic_write.ts";
import { fileExists } from "../src/formats/paths.ts";

/** Label and three planes of 32 x 32. */
const RECORD = 1 + 3 * 32 * 32;
const TRAIN = 3000;
const ALL = 4000;
const FILES = 5;
const IMAGES = "cifar10-first-4000.bin";
const TEACHER = "resnet56-4bfd9763.th";
const TARGET = "data/cifar10_published";
const { folder: FOLDER } = CIFAR.cifar10.layouts[1];

try {
  prepare(Deno.args[0] ?? "../shared/data/cifar10_published");
} catch (error) {
  console.error((error as Error).message);
  Deno.exit(1);
}

function prepare(folder: string): void {
  const bytes = readImages(folder);
  if (bytes.length !== ALL * RECORD) {
    throw new Error(`${IMAGES} has ${bytes.length} bytes, not ${ALL} records of ${RECORD}`);
  }
  const teacher = Deno.readFileSync(join(folder, TEACHER));
  const share = TRAIN / FILES * RECORD;
  for (let i = 0; i < FILES; i++) {
    write(`${FOLDER}/data_batch_${i + 1}.bin`, bytes.subarray(i * share, (i + 1) * share));
  }
  write(`${FOLDER}/test_batch.bin`, bytes.subarray(TRAIN * RECORD));
  write(`${FOLDER}/batches.meta.txt`, CIFAR_CLASSES.cifar10.join("\n") + "\n");
  write(TEACHER, teacher);
  console.log(`${TARGET}: ${TRAIN} training images, ${ALL - TRAIN} test images, ${TEACHER}`);
}

function readImages(folder: string): Uint8Array {
  const plain = join(folder, IMAGES);
  if (fileExists(plain)) return Deno.readFileSync(plain);
  const { success, stdout, stderr } = new Deno.Command("xz", { args: ["-dc", `${plain}.xz`] })
    .outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
  return stdout;
}

function write(name: string, content: Uint8Array | string): void {
  writeFileAtomic(join(TARGET, name), content);
}
