import type { Pixels } from "../pixels.ts";
import { decodeRle } from "./bmp_rle.ts";
import { checkSize, cutShort, ImageError, type ImageFile } from "./image_file.ts";
import { greyToRgb, paletteToRgb } from "./to_rgb.ts";

const RAW = 0;
const RLE8 = 1;
const RLE4 = 2;
const BITFIELDS = 3;
const HEADERS = [12, 40, 52, 56, 64, 108, 124];

/** Places of red, green and blue among a pixel's bytes, by its masks of red, green, blue and alpha. */
const LAYOUTS: ReadonlyMap<string, readonly [number, number, number]> = new Map([
  ["ff0000 ff00 ff 0", [2, 1, 0]],
  ["ff000000 ff0000 ff00 0", [3, 2, 1]],
  ["ff000000 ff00 ff 0", [3, 1, 0]],
  ["ff000000 ff0000 ff00 ff", [3, 2, 1]],
  ["ff ff00 ff0000 ff000000", [0, 1, 2]],
  ["ff0000 ff00 ff ff000000", [2, 1, 0]],
  ["ff000000 ff00 ff ff0000", [3, 1, 0]],
  ["0 0 0 0", [2, 1, 0]],
]);

/** What the headers of a bitmap say. */
interface Header {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly compression: number;
  readonly isTopDown: boolean;
  /** Hexadecimal masks of red, green, blue and alpha. */
  readonly masks: readonly string[];
  /** Red, green and blue of each colour; null where pixels are greys or no numbers of colours. */
  readonly palette: Uint8Array | null;
  /** First byte of the pixels. */
  readonly start: number;
}

/**
 * Opens a Windows or OS/2 bitmap, and refuses what Pillow does.
 *
 * @throws {ImageError} where it is no bitmap that can be decoded
 */
export function openBmp(bytes: Uint8Array): ImageFile {
  const header = readHeader(bytes);
  const { width, height, bits, compression } = header;
  checkSize(width, height);
  const isRle = compression === RLE8 || compression === RLE4;
  const decode = isRle && bits <= 8 ? decodePacked : bits <= 8 ? decodeNumbers : decodeColors;
  if (isRle && bits > 8) throw new ImageError(`a packed bitmap of ${bits} bits a pixel`);
  if (!isRle && bits > 8) placesOf(header);
  return {
    ...{ kind: "BMP", width, height, isDeepGrey: false },
    decode: (): Pixels => ({ data: decode(bytes, header), width, height }),
  };
}

function readHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 18) throw cutShort();
  const offset = view.getUint32(10, true);
  const size = view.getUint32(14, true);
  if (!HEADERS.includes(size)) throw new ImageError(`a bitmap with a header of ${size} bytes`);
  if (bytes.length < 14 + size) throw cutShort();
  const old = size === 12;
  const isTopDown = !old && bytes[25] === 0xff;
  const width = old ? view.getUint16(18, true) : view.getUint32(18, true);
  const tall = old ? view.getUint16(20, true) : view.getUint32(22, true);
  const bits = view.getUint16(old ? 24 : 28, true);
  const compression = old ? RAW : view.getUint32(30, true);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) {
    throw new ImageError(`a bitmap of ${bits} bits a pixel`);
  }
  if (compression > BITFIELDS) {
    throw new ImageError(`a bitmap of the kind ${compression}, which is not decoded`);
  }
  const masksBehind = compression === BITFIELDS && size === 40 ? 12 : 0;
  const behind = 14 + size + masksBehind;
  const colors = (old ? 0 : view.getUint32(46, true)) || 2 ** bits;
  const entry = old ? 3 : 4;
  if (bits <= 8 && colors > 65536) throw new ImageError(`a bitmap with ${colors} colours`);
  const palette = bits <= 8 ? readPalette(bytes.subarray(behind), colors, entry) : null;
  if (palette && compression === BITFIELDS) {
    throw new ImageError("a bitmap of colour numbers with bit fields");
  }
  const shift = bits <= 8 && offset === 14 + size ? entry * colors : 0;
  return {
    ...{ width, height: isTopDown ? 2 ** 32 - tall : tall, bits, compression, isTopDown },
    palette: palette && isRamp(palette) ? null : palette,
    masks: masksAt(view, size),
    start: offset ? offset + shift : behind + entry * (bits <= 8 ? colors : 0),
  };
}

function masksAt(view: DataView, size: number): string[] {
  const count = size >= 56 ? 4 : size >= 52 || size === 40 ? 3 : 0;
  const there = Math.min(count, Math.floor((view.byteLength - 54) / 4));
  const masks = Array.from({ length: there }, (_, i) => view.getUint32(54 + 4 * i, true));
  return [...masks, 0, 0, 0, 0].slice(0, 4).map((mask) => mask.toString(16));
}

/** The colours as red, green and blue. */
function readPalette(bytes: Uint8Array, colors: number, entry: number): Uint8Array {
  const palette = new Uint8Array(Math.min(colors, Math.floor(bytes.length / entry), 256) * 3);
  for (let from = 0, to = 0; to < palette.length; from += entry, to += 3) {
    palette[to] = bytes[from + 2];
    palette[to + 1] = bytes[from + 1];
    palette[to + 2] = bytes[from];
  }
  return palette;
}

/** Whether the number of each colour is its grey, which then holds of numbers that have no colour too. */
function isRamp(palette: Uint8Array): boolean {
  return palette.every((value, i) => value === Math.floor(i / 3));
}

/** Bytes of a row; rows begin at multiples of four. */
function strideOf({ width, bits }: Header): number {
  return Math.floor((width * bits + 31) / 32) * 4;
}

/** The bytes of each row of the image, the first row on top. */
function* rowsOf(bytes: Uint8Array, header: Header): Iterable<Uint8Array> {
  const { height, width, bits, start, isTopDown } = header;
  const stride = strideOf(header);
  for (let y = 0; y < height; y++) {
    const from = start + stride * (isTopDown ? y : height - 1 - y);
    yield bytes.subarray(from, from + Math.ceil(width * bits / 8));
  }
}

/** Refuses a file that is cut short, before its pixels are made room for. */
function checkLength(bytes: Uint8Array, header: Header): void {
  const { height, width, bits, start } = header;
  const need = start + strideOf(header) * (height - 1) + Math.ceil(width * bits / 8);
  if (need > bytes.length) throw cutShort();
}

function decodeNumbers(bytes: Uint8Array, header: Header): Uint8Array {
  const { width, height, bits, palette } = header;
  checkLength(bytes, header);
  const numbers = new Uint8Array(width * height);
  const mask = 2 ** bits - 1;
  let to = 0;
  for (const row of rowsOf(bytes, header)) {
    for (let x = 0; x < width; x++) {
      const bit = x * bits;
      numbers[to++] = row[bit >> 3] >> (8 - bits - (bit & 7)) & mask;
    }
  }
  return palette ? paletteToRgb(numbers, palette) : greyToRgb(numbers);
}

function decodePacked(bytes: Uint8Array, header: Header): Uint8Array {
  const { width, height, isTopDown, compression, palette, start } = header;
  const numbers = decodeRle(bytes, start, { width, height, isHalf: compression === RLE4 });
  if (!isTopDown) turnOver(numbers, width, height);
  return palette ? paletteToRgb(numbers, palette) : greyToRgb(numbers);
}

function turnOver(rows: Uint8Array, width: number, height: number): void {
  const spare = new Uint8Array(width);
  for (let top = 0, low = (height - 1) * width; top < low; top += width, low -= width) {
    spare.set(rows.subarray(top, top + width));
    rows.copyWithin(top, low, low + width);
    rows.set(spare, low);
  }
}

/** Where a pixel's red, green and blue are, or that they are 5 or 6 bits of a word. */
function placesOf({ bits, compression, masks }: Header): readonly number[] | "555" | "565" {
  const found = compression === BITFIELDS ? masks.join(" ") : "";
  const three = compression === BITFIELDS ? masks.slice(0, 3).join(" ") : "";
  if (bits === 16 && (three === "" || three === "7c00 3e0 1f")) return "555";
  if (bits === 16 && three === "f800 7e0 1f") return "565";
  if (bits === 24 && (three === "" || three === "ff0000 ff00 ff")) return [2, 1, 0];
  const places = found === "" ? [2, 1, 0] : LAYOUTS.get(found);
  if (bits === 32 && places) return places;
  throw new ImageError(`a bitmap of ${bits} bits a pixel with the bit fields ${masks.join(", ")}`);
}

function decodeColors(bytes: Uint8Array, header: Header): Uint8Array {
  const { width, height, bits } = header;
  checkLength(bytes, header);
  const places = placesOf(header);
  const rgb = new Uint8Array(width * height * 3);
  let to = 0;
  for (const row of rowsOf(bytes, header)) {
    for (let x = 0; x < width; x++, to += 3) {
      if (typeof places === "string") {
        fromWord(row[2 * x] + 256 * row[2 * x + 1], places === "565", rgb, to);
      } else {
        const from = x * bits / 8;
        rgb[to] = row[from + places[0]];
        rgb[to + 1] = row[from + places[1]];
        rgb[to + 2] = row[from + places[2]];
      }
    }
  }
  return rgb;
}

/** Five bits of a colour as eight, and six where green has them. */
function fromWord(word: number, hasSix: boolean, rgb: Uint8Array, to: number): void {
  const green = hasSix ? Math.floor((word >> 5 & 63) * 255 / 63) : five(word >> 5);
  rgb[to] = five(word >> (hasSix ? 11 : 10));
  rgb[to + 1] = green;
  rgb[to + 2] = five(word);
}

function five(bits: number): number {
  return Math.floor((bits & 31) * 255 / 31);
}
