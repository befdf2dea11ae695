import { cutShort, ImageError } from "./image_file.ts";

/** The first directory of a TIFF file: what its first page is. */
export interface TiffPage {
  /** Whether low bytes come first. */
  readonly isLittle: boolean;
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** What the numbers of a pixel are: 0 and 1 grey, 2 RGB, 3 of a palette, 5 CMYK, 6 YCbCr, 8 Lab. */
  readonly photometric: number;
  /** Numbers of a pixel. */
  readonly samples: number;
  /** Bits of a number. */
  readonly bits: number;
  /** What kind the numbers are: 1 without a sign, 2 with one, 3 fractions. */
  readonly format: number;
  /** What the numbers behind the colours are: 0 nothing, 1 alpha that the colours are multiplied by, 2 alpha. */
  readonly extra: readonly number[];
  /** Whether each channel has a plane of its own. */
  readonly isPlanar: boolean;
  /** How the parts are packed. */
  readonly compression: number;
  /** How the numbers of a row are told from their neighbours: 1 not, 2 as differences, 3 as those of fractions. */
  readonly predictor: number;
  /** Whether the bits of a byte are turned round. */
  readonly isReversed: boolean;
  /** How the page is to be turned, 1 to 8. */
  readonly orientation: number;
  /** Red, green and blue of each colour. */
  readonly palette: Uint8Array;
  /** How many columns and rows share their colour in YCbCr. */
  readonly subsampling: readonly number[];
  /** The numbers that are black and white for Y, Cb and Cr. */
  readonly blackWhite: readonly number[];
  /** The parts' columns and rows: those of tiles, or of strips that are as wide as the page. */
  readonly part: { readonly width: number; readonly height: number };
  /** Where the parts begin and how many bytes each has, plane by plane, row by row. */
  readonly parts: readonly { readonly start: number; readonly size: number }[];
}

/** Bytes of a number by its TIFF type. */
const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];
/** Most values of a tag that are read. */
const MOST_VALUES = 2 ** 18;
/** Columns that tiles may have more than the page. */
const WIDER = 2 ** 16;

type Tags = ReadonlyMap<number, readonly number[]>;

/** Whether a file begins as TIFF files do, with the mark in either order of bytes as Pillow takes it. */
export function isTiff(bytes: Uint8Array): boolean {
  const mark = String.fromCharCode(...bytes.subarray(0, 4));
  return /^(II[*+]\0|MM\0[*+]|MM\*\0|II\0\*)$/.test(mark);
}

/**
 * Reads what the first page of a TIFF or BigTIFF file says of itself.
 *
 * @throws {ImageError} where it is damaged
 */
export function readTiffPage(bytes: Uint8Array): TiffPage {
  const isLittle = bytes[0] === 0x49;
  const tags = readTags(bytes, isLittle);
  const one = (tag: number, otherwise: number) => tags.get(tag)?.[0] ?? otherwise;
  const width = one(256, 0);
  const height = one(257, 0);
  // YCbCr without its colours is grey.
  const photometric = one(262, 0) === 6 && one(277, 1) === 1 ? 1 : one(262, 0);
  const isPlanar = one(284, 1) === 2;
  let samples = one(277, 1);
  let extra = tags.get(338) ?? [];
  const allBits = tags.get(258) ?? [1];
  if (isPlanar && extra.length > 0 && Math.max(...extra) === 0) {
    samples -= extra.length;
    extra = [];
  }
  const counted = allBits.slice(0, samples);
  if (counted.some((bits) => bits !== counted[0])) {
    throw new ImageError("a TIFF whose channels have different numbers of bits");
  }
  const format = tags.get(339) ?? [1];
  return {
    ...{ isLittle, width, height, photometric, samples, extra, isPlanar },
    bits: allBits[0],
    format: new Set(format).size === 1 ? format[0] : 0,
    compression: one(259, 1),
    predictor: one(317, 1),
    isReversed: one(266, 1) === 2,
    orientation: one(274, 1),
    palette: paletteOf(tags.get(320) ?? []),
    subsampling: tags.get(530)?.length === 2 ? tags.get(530)! : [2, 2],
    blackWhite: tags.get(532)?.length === 6 ? tags.get(532)! : [0, 255, 128, 255, 128, 255],
    ...partsOf(tags, width, height),
  };
}

function paletteOf(colors: readonly number[]): Uint8Array {
  const count = Math.floor(colors.length / 3);
  return Uint8Array.from(
    { length: 3 * count },
    (_, i) => colors[i % 3 * count + Math.floor(i / 3)] >> 8,
  );
}

function partsOf(tags: Tags, width: number, height: number): Pick<TiffPage, "part" | "parts"> {
  const isTiled = !tags.has(273) && tags.has(324);
  const starts = tags.get(isTiled ? 324 : 273) ?? [];
  const sizes = tags.get(isTiled ? 325 : 279) ?? [];
  const part = isTiled
    ? { width: tags.get(322)?.[0] ?? 0, height: tags.get(323)?.[0] ?? 0 }
    : { width, height: Math.min(height, tags.get(278)?.[0] ?? height) };
  const isPart = part.width >= 1 && part.height >= 1 && part.width <= width + WIDER;
  if (starts.length === 0 || !isPart) {
    throw new ImageError("a TIFF that does not say where its pixels are");
  }
  return { part, parts: starts.map((start, i) => ({ start, size: sizes[i] ?? Infinity })) };
}

/** The tags that are numbers, of the first directory. */
function readTags(bytes: Uint8Array, isLittle: boolean): Tags {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const tags = new Map<number, readonly number[]>();
  try {
    const isBig = bytes[isLittle ? 2 : 3] === 0x2b;
    const word = (at: number) =>
      isBig ? Number(view.getBigUint64(at, isLittle)) : view.getUint32(at, isLittle);
    const directory = word(isBig ? 8 : 4);
    const count = isBig ? word(directory) : view.getUint16(directory, isLittle);
    const entry = isBig ? 20 : 12;
    if (count > 4096) throw new ImageError("a TIFF with a damaged directory");
    for (let i = 0, at = directory + (isBig ? 8 : 2); i < count; i++, at += entry) {
      const type = view.getUint16(at + 2, isLittle);
      const values = word(at + 4);
      const size = SIZES[type] ?? 0;
      const place = at + (isBig ? 12 : 8);
      const start = size * values <= (isBig ? 8 : 4) ? place : word(place);
      // As Pillow does, what does not fit into the file is passed over.
      if (
        size === 0 || values === 0 || start + size * values > bytes.length || values > MOST_VALUES
      ) continue;
      tags.set(
        view.getUint16(at, isLittle),
        Array.from(
          { length: values },
          (_, n) => readNumber(view, type, start + n * size, isLittle),
        ),
      );
    }
  } catch (error) {
    if (error instanceof RangeError) throw cutShort();
    throw error;
  }
  return tags;
}

function readNumber(view: DataView, type: number, at: number, isLittle: boolean): number {
  switch (type) {
    case 3:
      return view.getUint16(at, isLittle);
    case 4:
    case 13:
      return view.getUint32(at, isLittle);
    case 5:
      return view.getUint32(at, isLittle) / view.getUint32(at + 4, isLittle);
    case 8:
      return view.getInt16(at, isLittle);
    case 9:
      return view.getInt32(at, isLittle);
    case 16:
    case 18:
      return Number(view.getBigUint64(at, isLittle));
    default:
      return SIZES[type] === 1 ? view.getUint8(at) : NaN;
  }
}
