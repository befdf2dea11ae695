import type { PublishedArchive } from "../definition.ts";

/** Names of the published files of a data set in one of its versions. */
export interface CifarLayout {
  /** The archive's file name. */
  readonly archive: string;
  /** The folder within the archive. */
  readonly folder: string;
  /** Whether the files are pickled. */
  readonly python: boolean;
  /** Files of the training images. */
  readonly train: readonly string[];
  /** Files of the test images. */
  readonly test: readonly string[];
  /** File of the class names. */
  readonly names: string;
}

/** What tells CIFAR-10 and CIFAR-100 apart. */
export interface CifarKind {
  /** How it is written in texts. */
  readonly title: string;
  /** Name of the labels in the pickled files. */
  readonly labels: string;
  /** Name of the class names in the pickled file of names. */
  readonly labelNames: string;
  /** Labels of an image in the binary files. */
  readonly labelBytes: number;
  /** The archive that `data download` fetches; its checksum is the one that torchvision checks, from the same page. */
  readonly published: PublishedArchive;
  /** Its versions, the one that is looked for first in front. */
  readonly layouts: readonly CifarLayout[];
}

const FIVE = [1, 2, 3, 4, 5];

/** CIFAR-10 and CIFAR-100 as published at https://www.cs.toronto.edu/~kriz/cifar.html. */
export const CIFAR: Readonly<Record<"cifar10" | "cifar100", CifarKind>> = {
  cifar10: {
    title: "CIFAR-10",
    labels: "labels",
    labelNames: "label_names",
    labelBytes: 1,
    published: {
      url: "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
      file: "cifar-10-python.tar.gz",
      size: 170498071,
      md5: "c58f30108f718f92721af3b95e74349a",
    },
    layouts: [{
      archive: "cifar-10-python.tar.gz",
      folder: "cifar-10-batches-py",
      python: true,
      train: FIVE.map((n) => `data_batch_${n}`),
      test: ["test_batch"],
      names: "batches.meta",
    }, {
      archive: "cifar-10-binary.tar.gz",
      folder: "cifar-10-batches-bin",
      python: false,
      train: FIVE.map((n) => `data_batch_${n}.bin`),
      test: ["test_batch.bin"],
      names: "batches.meta.txt",
    }],
  },
  cifar100: {
    title: "CIFAR-100",
    labels: "fine_labels",
    labelNames: "fine_label_names",
    labelBytes: 2,
    published: {
      url: "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
      file: "cifar-100-python.tar.gz",
      size: 169001437,
      md5: "eb9058c3a382ffc7106e4002c42a8d85",
    },
    layouts: [{
      archive: "cifar-100-python.tar.gz",
      folder: "cifar-100-python",
      python: true,
      train: ["train"],
      test: ["test"],
      names: "meta",
    }, {
      archive: "cifar-100-binary.tar.gz",
      folder: "cifar-100-binary",
      python: false,
      train: ["train.bin"],
      test: ["test.bin"],
      names: "fine_label_names.txt",
    }],
  },
};
