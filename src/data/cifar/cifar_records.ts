import { UserError } from "../../errors.ts";
import { BUILTIN_GLOBALS } from "../../formats/pickle/builtins.ts";
import { NUMPY_GLOBALS } from "../../formats/pickle/numpy.ts";
import { unpickle } from "../../formats/pickle/unpickle.ts";

const GLOBALS = new Map([...BUILTIN_GLOBALS, ...NUMPY_GLOBALS]);
/** Bytes of an image: three planes of 32 x 32. */
export const CIFAR_IMAGE = 3 * 32 * 32;

/** The pickled dictionary of a file; nothing in it is run. */
function dictionary(bytes: Uint8Array): ReadonlyMap<unknown, unknown> {
  const { value } = unpickle(bytes, { globals: GLOBALS });
  if (value instanceof Map) return value;
  throw new UserError("it does not hold a dictionary");
}

/** An array of bytes out of a pickle. */
interface ByteArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

function isByteArray(value: unknown): value is ByteArray {
  const array = value as Partial<ByteArray> | null | undefined;
  return array?.data instanceof Uint8Array && Array.isArray(array.shape);
}

/**
 * Reads the python version of CIFAR: a dictionary with `data`, [images, 3072], and a list of labels.
 *
 * @param key name of the labels: `labels` for CIFAR-10, `fine_labels` for CIFAR-100
 * @throws {UserError} where the file is damaged or something else
 */
export function parseCifarPython(bytes: Uint8Array, key: string): CifarRecords {
  const entries = dictionary(bytes);
  const labels = entries.get(key);
  const images = entries.get("data");
  if (!Array.isArray(labels) || labels.some((label) => !Number.isInteger(label))) {
    throw new UserError(`it has no list of numbers named ${key}`);
  }
  if (!isByteArray(images)) throw new UserError("it has no array of bytes named data");
  const { shape, data } = images;
  if (shape.length !== 2 || shape[0] !== labels.length || shape[1] !== CIFAR_IMAGE) {
    throw new UserError(
      `its data has the shape [${shape.join(", ")}] for ${labels.length} labels; ` +
        `[${labels.length}, ${CIFAR_IMAGE}] is wanted`,
    );
  }
  return { images: data, labels: Int32Array.from(labels) };
}

/**
 * Class names of the python version's meta file.
 *
 * @param key their name: `label_names` for CIFAR-10, `fine_label_names` for CIFAR-100
 * @throws {UserError} where the file is damaged or something else
 */
export function parseCifarNames(bytes: Uint8Array, key: string): string[] {
  const names = dictionary(bytes).get(key);
  if (!Array.isArray(names) || names.some((name) => typeof name !== "string")) {
    throw new UserError(`it has no list of texts named ${key}`);
  }
  return names;
}

/** Labelled images of a CIFAR file. */
export interface CifarRecords {
  /** Pixels, [labels.length, 3, 32, 32]. */
  readonly images: Uint8Array;
  /** Class of each image. */
  readonly labels: Int32Array;
}

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
