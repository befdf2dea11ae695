import { constants, inflateSync, zstdDecompressSync } from "node:zlib";
import { cutShort, ImageError } from "./image_file.ts";
import type { TiffPage } from "./tiff.ts";

const RAW = 1;
const LZW = 5;
const ADOBE_DEFLATE = 8;
const PACKBITS = 32773;
const DEFLATE = 32946;
const ZSTD = 50000;

/** Largest part, in bytes, that is unpacked at once. */
const LARGEST_PART = 2 ** 29;
/** Rows behind a part's pixels, as the last strip can have, that are passed over. */
const MORE_ROWS = 4096;

/** Kinds of packing that are unpacked here. */
export const UNPACKED = new Set([RAW, LZW, ADOBE_DEFLATE, PACKBITS, DEFLATE, ZSTD]);

/**
 * The bytes of a part, unpacked.
 *
 * @param part which part
 * @param wanted how many bytes are wanted, and how many a row has
 * @throws {ImageError} where the part is damaged or cut short
 */
export function unpackPart(
  bytes: Uint8Array,
  page: TiffPage,
  part: number,
  wanted: { readonly size: number; readonly row: number },
): Uint8Array {
  const { size } = wanted;
  const { compression, isReversed } = page;
  const { start, size: given } = page.parts[part];
  const packed = compression === RAW ? size : given;
  if (start >= bytes.length || (compression === RAW && start + size > bytes.length)) {
    throw cutShort();
  }
  if (compression !== RAW && size > LARGEST_PART) {
    throw new ImageError(
      `a packed TIFF with a part of ${size} bytes; at most ${LARGEST_PART} are unpacked`,
    );
  }
  let from = bytes.subarray(start, Math.min(bytes.length, start + packed));
  if (isReversed) from = from.map(reversed);
  const most = size + Math.min(page.part.height, MORE_ROWS) * wanted.row;
  const plain = unpack(from, compression, size, most);
  if (plain.length < size) throw cutShort();
  return plain.subarray(0, size);
}

function unpack(
  packed: Uint8Array,
  compression: number,
  size: number,
  maxOutputLength: number,
): Uint8Array {
  if (compression === RAW) return packed;
  if (compression === LZW) return unpackLzw(packed, size);
  if (compression === PACKBITS) return unpackBits(packed, size);
  const isZstd = compression === ZSTD;
  const unzip = isZstd ? zstdDecompressSync : inflateSync;
  const finishFlush = isZstd ? constants.ZSTD_e_continue : constants.Z_SYNC_FLUSH;
  try {
    // What is missing behind the pixels, such as a checksum, does not count.
    return unzip(packed, { maxOutputLength, finishFlush });
  } catch (error) {
    throw new ImageError(`a part of it cannot be unpacked: ${(error as Error).message}`);
  }
}

function reversed(byte: number): number {
  let other = 0;
  for (let bit = 0; bit < 8; bit++) other |= (byte >> bit & 1) << (7 - bit);
  return other;
}

function unpackBits(packed: Uint8Array, size: number): Uint8Array {
  const plain = new Uint8Array(size);
  let done = 0;
  for (let at = 0; at < packed.length && done < size;) {
    const count = packed[at++];
    if (count < 128) {
      const piece = packed.subarray(at, Math.min(at + count + 1, at + size - done));
      plain.set(piece, done);
      done += piece.length;
      at += count + 1;
    } else if (count > 128) {
      const length = Math.min(257 - count, size - done);
      if (at >= packed.length) break;
      plain.fill(packed[at++], done, done + length);
      done += length;
    }
  }
  return plain.subarray(0, done);
}

const CLEAR = 256;
const END = 257;

/** TIFF's LZW: codes of 9 to 12 bits, the highest bit first, one longer a code earlier than in GIF. */
function unpackLzw(packed: Uint8Array, size: number): Uint8Array {
  const plain = new Uint8Array(size);
  // The text of a code is where the output already has it.
  const places = new Uint32Array(4096);
  const lengths = new Uint32Array(4096).fill(1, 0, CLEAR);
  let [done, next, width, bits, buffer, at] = [0, END + 1, 9, 0, 0, 0];
  let last = -1;
  while (done < size) {
    for (; bits < width && at < packed.length; bits += 8) {
      buffer = (buffer << 8 | packed[at++]) & 0xffffff;
    }
    if (bits < width) break;
    const code = buffer >> (bits - width) & (1 << width) - 1;
    bits -= width;
    if (code === END) break;
    if (code === CLEAR) {
      [next, width, last] = [END + 1, 9, -1];
      continue;
    }
    if (last >= 0 && next < 4096) {
      places[next] = done - lengths[last];
      lengths[next++] = lengths[last] + 1;
    }
    if (code >= next) {
      throw new ImageError("a part of it cannot be unpacked: it has an unknown LZW code");
    }
    const length = Math.min(lengths[code], size - done);
    if (code < CLEAR) plain[done] = code;
    // Byte by byte: the text can reach into itself.
    else for (let i = 0; i < length; i++) plain[done + i] = plain[places[code] + i];
    done += length;
    last = code;
    if (next >= (1 << width) - 1 && width < 12) width++;
  }
  return plain.subarray(0, done);
}
