import { UserError } from "../errors.ts";
/** Labelled images of a CIFAR file. */
export interface CifarRecords {
  /** Pixels, [labels.length, 3, 32, 32]. */
  readonly images: Uint8Array;
  /** Class of each image. */
  readonly labels: Int32Array;
}

/** Bytes of an image: three planes of 32 x 32. */
export const CIFAR_IMAGE = 3 * 32 * 32;

/**
 * Reads the binary version of CIFAR: for each image its labels, one byte each, then red, green and blue planes. The last
 * label is the class (CIFAR-100 has a coarse one before it).
 *
 * @param labelBytes labels of an image: 1 for CIFAR-10, 2 for CIFAR-100
 * @throws {UserError} where the file is not a whole number of images
 */
export function parseCifarBinary(bytes: Uint8Array, labelBytes: number): CifarRecords {
  const record = labelBytes + CIFAR_IMAGE;
  const count = bytes.length / record;
  if (count === 0 || !Number.isInteger(count)) {
    throw new UserError(
      `it has ${bytes.length} bytes, which is not a whole number of images of ${record} bytes`,
    );
  }
  const images = new Uint8Array(count * CIFAR_IMAGE);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = bytes[i * record + labelBytes - 1];
    images.set(bytes.subarray(i * record + labelBytes, (i + 1) * record), i * CIFAR_IMAGE);
  }
  return { images, labels };
}
