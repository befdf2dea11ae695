/** A file as it was published. */
export interface PublishedArchive {
  /** Its address. */
  readonly url: string;
  /** Its name on the disk. */
  readonly file: string;
  /** Its length in bytes. */
  readonly size: number;
  /** MD5 of its bytes, in hexadecimal digits. */
  readonly md5: string;
}

/** The archives that `data download` knows; the checksums are those that torchvision checks, from the same page. */
export const PUBLISHED: Readonly<Record<"cifar10" | "cifar100", PublishedArchive>> = {
  cifar10: {
    url: "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    file: "cifar-10-python.tar.gz",
    size: 170498071,
    md5: "c58f30108f718f92721af3b95e74349a",
  },
  cifar100: {
    url: "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
    file: "cifar-100-python.tar.gz",
    size: 169001437,
    md5: "eb9058c3a382ffc7106e4002c42a8d85",
  },
};
