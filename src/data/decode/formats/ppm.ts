import type { Pixels } from "../pixels.ts";
import { checkSize, cutShort, ImageError, type ImageFile } from "./image_file.ts";
import { clipped, cmykToRgb, greyToRgb, rgbxToRgb } from "./to_rgb.ts";

const CHANNELS: ReadonlyMap<string, number> = new Map([
  ...Object.entries({ P1: 1, P2: 1, P3: 3, P4: 1, P5: 1, P6: 3, Pf: 1 }),
  ...Object.entries({ P0CMYK: 4, PyCMYK: 4, PyRGBA: 4 }),
]);
/** Longest number, in letters, that Pillow reads. */
const LONGEST = 10;
const SPACES = new Set([9, 10, 11, 12, 13, 32]);

/** What the header says. */
interface Header {
  readonly magic: string;
  readonly channels: number;
  readonly width: number;
  readonly height: number;
  /** The number that is white; of Pf the scale, of bitmaps 1. */
  readonly most: number;
  /** First byte of the pixels. */
  readonly start: number;
}

/** The first word of a file of the PPM family, or nothing where it is none. */
export function ppmMagic(bytes: Uint8Array): string | undefined {
  const end = bytes.subarray(0, 6).findIndex((byte) => SPACES.has(byte));
  const word = String.fromCharCode(...bytes.subarray(0, end < 0 ? 6 : end));
  return CHANNELS.has(word) ? word : undefined;
}

/**
 * Opens a PBM, PGM, PPM or PFM file, binary or in letters.
 *
 * @throws {ImageError} where its header is damaged
 */
export function openPpm(bytes: Uint8Array): ImageFile {
  const header = readHeader(bytes);
  const { magic, width, height, most, channels } = header;
  checkSize(width, height);
  return {
    ...{ kind: "PPM", width, height },
    isDeepGrey: channels === 1 && (magic === "Pf" || most > 255),
    decode: (): Pixels => ({ data: decode(bytes, header), width, height }),
  };
}

function readHeader(bytes: Uint8Array): Header {
  const magic = ppmMagic(bytes)!;
  let at = magic.length + (magic.length < 6 ? 1 : 0);
  const next = (): string => {
    let word = "";
    for (; at < bytes.length && word.length <= LONGEST; at++) {
      const byte = bytes[at];
      if (byte === 35) {
        while (at < bytes.length && bytes[at] !== 10 && bytes[at] !== 13) at++;
      } else if (!SPACES.has(byte)) {
        word += String.fromCharCode(byte);
      } else if (word !== "") {
        at++;
        break;
      }
    }
    if (word === "" || word.length > LONGEST) throw new ImageError("its header is damaged");
    return word;
  };
  const width = toInteger(next());
  const height = toInteger(next());
  const isBitmap = magic === "P1" || magic === "P4";
  const most = isBitmap ? 1 : magic === "Pf" ? Number(next()) : toInteger(next());
  const isFit = magic === "Pf" ? Number.isFinite(most) && most !== 0 : most > 0 && most < 65536;
  if (!isFit) throw new ImageError(`its header says that ${most} is white`);
  return { magic, channels: CHANNELS.get(magic)!, width, height, most, start: at };
}

/** A number as Python's `int()` reads it. */
function toInteger(word: string): number {
  if (!/^[+-]?\d+(_\d+)*$/.test(word)) throw new ImageError("it has a word where a number belongs");
  return Number(word.replaceAll("_", ""));
}

function decode(bytes: Uint8Array, header: Header): Uint8Array {
  const { magic, channels } = header;
  if (magic === "P1") return greyToRgb(plainBits(bytes, header));
  if (magic === "P4") return greyToRgb(packedBits(bytes, header));
  if (magic === "Pf") return greyToRgb(floats(bytes, header));
  const isPlain = magic === "P2" || magic === "P3";
  const samples = isPlain ? plainNumbers(bytes, header) : binaryNumbers(bytes, header);
  if (channels === 1) return greyToRgb(samples);
  if (channels === 3) return samples;
  return magic === "PyRGBA" ? rgbxToRgb(samples) : cmykToRgb(samples);
}

/** What numbers are shown as: of grey above 255 what Pillow makes of its 16 bits, of all else 0 to 255. */
function scaleOf({ most, channels }: Header): Uint8Array {
  const white = most > 255 && channels === 1 ? 65535 : 255;
  const table = new Uint8Array(most + 1);
  return clipped(Float64Array.from(table, (_, i) => halfToEven(i / most * white)), table);
}

/** Rounds as Python does. */
function halfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

function binaryNumbers(bytes: Uint8Array, header: Header): Uint8Array {
  const { width, height, channels, most, start } = header;
  const count = width * height * channels;
  const size = most > 255 ? 2 : 1;
  if (start + count * size > bytes.length) throw cutShort();
  if (most === 255) return bytes.slice(start, start + count);
  const scale = scaleOf(header);
  const white = scale[most];
  const to = new Uint8Array(count);
  for (let i = 0, from = start; i < count; i++, from += size) {
    const value = size === 1 ? bytes[from] : bytes[from] * 256 + bytes[from + 1];
    to[i] = value > most ? white : scale[value];
  }
  return to;
}

/** The words of the pixels; comments are taken out as if they were not there, so that one can part a number. */
function* words(bytes: Uint8Array, start: number): Iterable<string> {
  let word = "";
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 35) {
      while (at < bytes.length && bytes[at] !== 10 && bytes[at] !== 13) at++;
    } else if (!SPACES.has(byte)) {
      word += String.fromCharCode(byte);
      if (word.length > LONGEST) throw new ImageError("it has a number of more than 10 digits");
    } else if (word !== "") {
      yield word;
      word = "";
    }
  }
  if (word !== "") yield word;
}

function plainNumbers(bytes: Uint8Array, header: Header): Uint8Array {
  const { width, height, channels, most, start } = header;
  const count = width * height * channels;
  if (2 * count - 1 > bytes.length - start) throw cutShort();
  const scale = scaleOf(header);
  const to = new Uint8Array(count);
  let done = 0;
  for (const word of words(bytes, start)) {
    const value = toInteger(word);
    if (value < 0 || value > most) {
      throw new ImageError(`it has the number ${value}, and ${most} is white`);
    }
    to[done++] = scale[value];
    if (done === count) return to;
  }
  throw cutShort();
}

function plainBits(bytes: Uint8Array, { width, height, start }: Header): Uint8Array {
  const count = width * height;
  if (count > bytes.length - start) throw cutShort();
  const to = new Uint8Array(count);
  let done = 0;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 35) {
      while (at < bytes.length && bytes[at] !== 10 && bytes[at] !== 13) at++;
    } else if (!SPACES.has(byte)) {
      if (byte !== 48 && byte !== 49) throw new ImageError("it has something other than 0 and 1");
      if (done < count) to[done++] = byte === 48 ? 255 : 0;
    }
  }
  if (done < count) throw cutShort();
  return to;
}

function packedBits(bytes: Uint8Array, { width, height, start }: Header): Uint8Array {
  const row = Math.ceil(width / 8);
  if (start + row * height > bytes.length) throw cutShort();
  const to = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      to[i++] = bytes[start + y * row + (x >> 3)] >> (7 - x % 8) & 1 ? 0 : 255;
    }
  }
  return to;
}

/** Rows of 32-bit numbers, the lowest row first; a scale below 0 says that their low bytes come first. */
function floats(bytes: Uint8Array, { width, height, most, start }: Header): Uint8Array {
  if (start + 4 * width * height > bytes.length) throw cutShort();
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, 4 * width * height);
  const to = new Uint8Array(width * height);
  const row = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) row[x] = view.getFloat32(4 * (y * width + x), most < 0);
    clipped(row, to.subarray((height - 1 - y) * width, (height - y) * width));
  }
  return to;
}
