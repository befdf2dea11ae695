import type { TiffPage } from "./tiff.ts";
import { clipped } from "./to_rgb.ts";

/** Turns rows of packed numbers into a byte each, as Pillow shows them. */
type ToBytes = (row: Uint8Array, to: Uint8Array) => void;

/** Numbers of 1, 2 or 4 bits, each times `scale`. */
function fewBits(bits: number, scale: number): ToBytes {
  const mask = 2 ** bits - 1;
  return (row, to) => {
    for (let i = 0, bit = 0; i < to.length; i++, bit += bits) {
      to[i] = (row[bit >> 3] >> (8 - bits - (bit & 7)) & mask) * scale;
    }
  };
}

function twelveBits(row: Uint8Array, to: Uint8Array): void {
  for (let i = 0, at = 0; i < to.length; i++, at += 1.5) {
    const first = Math.floor(at);
    const pair = row[first] << 8 | row[first + 1];
    to[i] = Math.min(255, at === first ? pair >> 4 : pair & 0xfff);
  }
}

function manyBits({ bits, format, isLittle, photometric }: TiffPage): ToBytes {
  const size = bits / 8;
  // Of the 16 bits of a colour the upper eight count, of grey what does not fit is white.
  const isColor = photometric === 2 || photometric === 5;
  return (row, to) => {
    if (isColor) {
      for (let i = 0, at = isLittle ? 1 : 0; i < to.length; i++, at += size) to[i] = row[at];
      return;
    }
    const view = new DataView(row.buffer, row.byteOffset, row.length);
    const number = (at: number) =>
      format === 3
        ? view.getFloat32(at, isLittle)
        : bits === 32
        ? view.getInt32(at, isLittle)
        : format === 2
        ? view.getInt16(at, isLittle)
        : view.getUint16(at, isLittle);
    clipped(Float64Array.from(to, (_, i) => number(i * size)), to);
  };
}

/** How the numbers of a page become bytes. */
export function numbersOf(page: TiffPage): ToBytes {
  const { bits, photometric } = page;
  const scale = photometric === 3 ? 1 : Math.floor(255 / (2 ** bits - 1));
  const toBytes = bits === 8
    ? (row: Uint8Array, to: Uint8Array) => to.set(row.subarray(0, to.length))
    : bits < 8
    ? fewBits(bits, scale)
    : bits === 12
    ? twelveBits
    : manyBits(page);
  // As in Pillow, more than 8 bits of grey are not turned round.
  if (photometric !== 0 || bits > 8) return toBytes;
  return (row, to) => {
    toBytes(row, to);
    for (let i = 0; i < to.length; i++) to[i] = 255 - to[i];
  };
}

/** Adds up a row that holds each number's difference from its neighbour on the left. */
export function addUp(
  row: Uint8Array,
  { bits, isLittle, predictor }: TiffPage,
  channels: number,
): void {
  if (predictor === 3) return addUpFractions(row, channels, isLittle);
  if (bits === 8) {
    for (let i = channels; i < row.length; i++) row[i] += row[i - channels];
    return;
  }
  const view = new DataView(row.buffer, row.byteOffset, row.length);
  const size = bits / 8;
  for (let at = channels * size; at + size <= row.length; at += size) {
    const before = at - channels * size;
    if (bits === 16) {
      view.setUint16(at, view.getUint16(at, isLittle) + view.getUint16(before, isLittle), isLittle);
    } else {
      view.setUint32(at, view.getUint32(at, isLittle) + view.getUint32(before, isLittle), isLittle);
    }
  }
}

/** Of fractions the highest bytes of a row stand first, then the next, each a difference. */
function addUpFractions(row: Uint8Array, channels: number, isLittle: boolean): void {
  for (let i = channels; i < row.length; i++) row[i] += row[i - channels];
  const parted = row.slice();
  const count = row.length / 4;
  for (let i = 0; i < count; i++) {
    for (let byte = 0; byte < 4; byte++) {
      row[4 * i + (isLittle ? 3 - byte : byte)] = parted[byte * count + i];
    }
  }
}
