import { checksum } from "./cache_fingerprint.ts";

/** Pixels and labels as the cache file holds them. */
export interface CachedImages {
  /** Pixels, [labels.length, imageSize]. */
  readonly images: Uint8Array;
  /** Class of each image. */
  readonly labels: Uint8Array;
}

const MAGIC = "WKDIMAGE";
const VERSION = 1;
/** Magic, version, image count, image size, checksum. */
const HEADER = 24;

/** The bytes of a cache file: the header, the images, the labels. */
export function encodeImageCache({ images, labels }: CachedImages): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER + images.length + labels.length);
  bytes.set(images, HEADER);
  bytes.set(labels, HEADER + images.length);
  bytes.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(bytes.buffer);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, labels.length, true);
  view.setUint32(16, images.length / labels.length, true);
  view.setUint32(20, checksum(bytes.subarray(HEADER)), true);
  return bytes;
}

/** The checksum that a whole cache file carries of its images and labels. */
export function imageCacheSum(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, HEADER).getUint32(20, true);
}

/**
 * Reads a cache file.
 *
 * @param bytes the whole file
 * @param imageSize values of an image
 * @returns views of the bytes, or null where they are not such a file, whole and undamaged
 */
export function decodeImageCache(bytes: Uint8Array, imageSize: number): CachedImages | null {
  if (bytes.length < HEADER) return null;
  if (new TextDecoder("latin1").decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER);
  const count = view.getUint32(12, true);
  if (view.getUint32(8, true) !== VERSION || view.getUint32(16, true) !== imageSize) return null;
  if (bytes.length !== HEADER + count * (imageSize + 1)) return null;
  if (view.getUint32(20, true) !== checksum(bytes.subarray(HEADER))) return null;
  const end = HEADER + count * imageSize;
  return { images: bytes.subarray(HEADER, end), labels: bytes.subarray(end) };
}
