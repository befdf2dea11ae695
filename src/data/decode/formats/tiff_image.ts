import type { Pixels } from "../pixels.ts";
import { checkSize, ImageError, type ImageFile } from "./image_file.ts";
import { readTiffPage, type TiffPage } from "./tiff.ts";
import { addUp, numbersOf } from "./tiff_numbers.ts";
import { UNPACKED, unpackPart } from "./tiff_parts.ts";
import { cmykToRgb, greyToRgb, paletteToRgb, unmultiplied } from "./to_rgb.ts";
import { libtiffYcc, pillowYcc, yccBlocks } from "./ycc.ts";

/** Kinds of packing that the library decodes: fax of 1 bit, and JPEG. */
const BY_LIBRARY = new Set([2, 3, 4, 7]);
const JPEG = 7;
/** Kinds of packing whose rows can be differences. */
const PREDICTED = new Set([5, 8, 32946, 50000]);
const LAB = 8;

/** How a page's kinds of numbers are called in errors. */
const COLORS = ["grey", "grey", "RGB", "palette", "mask", "CMYK", "YCbCr", "", "Lab"];

/** Decodes a file with the library, in the channels that it has. */
type LibraryDecoder = (
  isCmyk: boolean,
  megapixels: number,
) => Promise<{ data: Uint8Array; channels: number }>;

/**
 * Opens the first page of a TIFF file, in every kind that Pillow reads but Lab, LZMA and WebP.
 *
 * @param library decodes what is packed as fax or JPEG
 * @throws {ImageError} where it is damaged or of another kind
 */
export function openTiff(bytes: Uint8Array, library: LibraryDecoder): ImageFile {
  const page = readTiffPage(bytes);
  const { width, height, orientation, compression } = page;
  checkSize(width, height);
  checkKind(page);
  const isTurned = orientation >= 5 && orientation <= 8;
  return {
    kind: "TIFF",
    width: isTurned ? height : width,
    height: isTurned ? width : height,
    isDeepGrey: page.photometric <= 1 && page.bits > 8,
    decode: async (): Promise<Pixels> => {
      const data = BY_LIBRARY.has(compression)
        ? await decodeByLibrary(page, library)
        : toRgb(page, samplesOf(bytes, page));
      return turned({ data, width, height }, orientation);
    },
  };
}

/**
 * What Pillow opens, by what the numbers of a pixel are: sample format, bits, count, and what is behind the colours.
 * Source: `OPEN_INFO` of its TIFF plugin.
 */
const KINDS: ReadonlyMap<number, RegExp> = new Map([
  [0, /^(1 [1248] 1 |3 32 1 |1 8 2 [02]|1 16 1 II)$/],
  [1, /^(1 ([1248]|16) 1 |2 (8|16|32) 1 |3 32 1 |1 8 2 [02]|1 (12|32) 1 II)$/],
  [2, /^1 (8 3 |8 4 (|0|1|2|999)|8 5 [012],0|8 6 [012],0,0|16 3 |16 4 [012]?)$/],
  [3, /^1 ([1248] 1 |8 2 [02])$/],
  [5, /^1 (8 4 |8 5 0|8 6 0,0|16 4 )$/],
  [6, /^1 8 3 $/],
]);

/** Refuses what Pillow does not open, and the few kinds that are not decoded here. */
function checkKind(page: TiffPage): void {
  const { photometric, bits, samples, format, extra, compression, isLittle } = page;
  const key = `${format} ${bits} ${samples} ${extra.join()}`;
  const kinds = KINDS.get(photometric);
  // Some kinds are opened in one order of bytes alone.
  if (!kinds?.test(key) && !(isLittle && kinds?.test(`${key}II`))) {
    const also = extra.length > 0 ? `, the last of the kind ${extra.join(", ")}` : "";
    throw new ImageError(
      photometric === LAB
        ? "a TIFF of Lab colours, which are not decoded"
        : `a TIFF of ${samples} x ${bits} bits${also}, as ${COLORS[photometric] ?? photometric} ` +
          `(sample format ${format}), which is not decoded`,
    );
  }
  const isFax = compression >= 2 && compression <= 4;
  if ((!UNPACKED.has(compression) && !BY_LIBRARY.has(compression)) || (isFax && bits !== 1)) {
    throw new ImageError(`a TIFF packed in the way ${compression}, which is not decoded`);
  }
}

async function decodeByLibrary(page: TiffPage, library: LibraryDecoder): Promise<Uint8Array> {
  const isCmyk = page.photometric === 5 && page.compression === JPEG;
  const { data, channels } = await library(isCmyk, page.width * page.height / 1e6);
  if (channels < 3) return greyToRgb(data, channels);
  return isCmyk ? cmykToRgb(data) : data;
}

/** Channels that are kept: colours, and the alpha that they are multiplied by. */
function keptOf({ photometric, samples, extra }: TiffPage): number {
  if (photometric === 5) return 4;
  if (photometric === 2) return extra[0] === 1 ? 4 : 3;
  return photometric === 6 ? samples : 1;
}

/** A part of the page, and where it belongs. */
interface Place {
  readonly number: number;
  /** The channel that it holds; null where it holds all. */
  readonly channel: number | null;
  readonly left: number;
  readonly top: number;
}

/** The parts of a page that hold channels which count. */
function* placesOf(page: TiffPage, kept: number): Iterable<Place> {
  const { width, height, part, isPlanar, parts } = page;
  const across = Math.ceil(width / part.width);
  const count = across * Math.ceil(height / part.height);
  if (parts.length < count * (isPlanar ? kept : 1)) {
    throw new ImageError("a TIFF that does not say where all of its pixels are");
  }
  // Where a part is the whole page there can be several: as in Pillow the last one counts.
  const first = count === 1 && !isPlanar ? parts.length - 1 : 0;
  for (let channel = 0; channel < (isPlanar ? kept : 1); channel++) {
    for (let i = 0; i < count; i++) {
      yield {
        number: first + channel * count + i,
        channel: isPlanar ? channel : null,
        left: i % across * part.width,
        top: Math.floor(i / across) * part.height,
      };
    }
  }
}

/** The channels that count, a byte each, pixel by pixel. */
function samplesOf(bytes: Uint8Array, page: TiffPage): Uint8Array {
  const { width, height, part, photometric, compression } = page;
  const kept = keptOf(page);
  const rowsOf = photometric === 6 && compression !== 1 ? yccRows : plainRows;
  let target: Uint8Array | null = null;
  for (const place of placesOf(page, kept)) {
    const { left, top, channel } = place;
    const rows = rowsOf(bytes, page, place);
    // Made once the first part is there: a file of a few bytes does not get to fill the memory.
    target ??= new Uint8Array(width * height * kept);
    const columns = Math.min(part.width, width - left);
    let to = (top * width + left) * kept;
    for (const row of rows) {
      const step = row.length / part.width;
      for (let x = 0; x < columns; x++) {
        if (channel !== null) target[to + x * kept + channel] = row[x];
        else for (let c = 0; c < kept; c++) target[to + x * kept + c] = row[x * step + c];
      }
      to += width * kept;
    }
  }
  return target!;
}

/** The rows of a part, a byte for each number; the same array each time. */
function plainRows(
  bytes: Uint8Array,
  page: TiffPage,
  { number, top }: Place,
): Iterable<Uint8Array> {
  const { part, bits, samples, isPlanar, predictor } = page;
  const channels = isPlanar ? 1 : samples;
  const length = Math.ceil(part.width * channels * bits / 8);
  const rows = Math.min(part.height, page.height - top);
  const plain = unpackPart(bytes, page, number, { size: length * rows, row: length });
  const toBytes = numbersOf(page);
  const isPredicted = predictor > 1 && bits >= 8 && PREDICTED.has(page.compression);
  return (function* () {
    const to = new Uint8Array(part.width * channels);
    for (let y = 0; y < rows; y++) {
      const row = plain.subarray(y * length, (y + 1) * length);
      if (isPredicted) addUp(row, page, channels);
      toBytes(row, to);
      yield to;
    }
  })();
}

function yccRows(bytes: Uint8Array, page: TiffPage, { number, top }: Place): Iterable<Uint8Array> {
  const { part, subsampling: [across, down] } = page;
  if (page.isPlanar || ![1, 2, 4].includes(across) || ![1, 2, 4].includes(down)) {
    throw new ImageError("a TIFF of YCbCr in planes or of odd subsampling, which is not decoded");
  }
  const rows = Math.min(part.height, page.height - top);
  const blocks = Math.ceil(part.width / across) * Math.ceil(rows / down);
  const plain = unpackPart(bytes, page, number, {
    size: blocks * (across * down + 2),
    row: part.width * (across * down + 2),
  });
  return yccBlocks(plain, { width: part.width, rows, across, down });
}

function toRgb(page: TiffPage, samples: Uint8Array): Uint8Array {
  const { photometric, extra, compression } = page;
  if (photometric === 5) return cmykToRgb(samples);
  if (photometric === 3) return paletteToRgb(samples, page.palette);
  if (photometric === 6) {
    return compression === 1 ? pillowYcc(samples) : libtiffYcc(samples, page.blackWhite);
  }
  if (photometric === 2) return extra[0] === 1 ? unmultiplied(samples) : samples;
  return greyToRgb(samples);
}

/**
 * An image as its TIFF orientation says it is to be seen.
 *
 * @param orientation 1 to 8; anything else is 1
 */
function turned(pixels: Pixels, orientation: number): Pixels {
  if (!(orientation >= 2 && orientation <= 8)) return pixels;
  const { data, width, height } = pixels;
  const swaps = orientation >= 5;
  const [columns, rows] = swaps ? [height, width] : [width, height];
  const isMirrored = [2, 3, 7, 8].includes(orientation);
  const isFlipped = [3, 4, 6, 7].includes(orientation);
  // Steps in the source, in bytes, for one pixel to the right and one down in the result.
  const right = (swaps ? (isFlipped ? -width : width) : isMirrored ? -1 : 1) * 3;
  const down = (swaps ? (isMirrored ? -1 : 1) : isFlipped ? -width : width) * 3;
  const first = ((isFlipped ? height - 1 : 0) * width + (isMirrored ? width - 1 : 0)) * 3;
  const result = new Uint8Array(data.length);
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0, from = first + y * down; x < columns; x++, from += right) {
      result[to++] = data[from];
      result[to++] = data[from + 1];
      result[to++] = data[from + 2];
    }
  }
  return { data: result, width: columns, height: rows };
}
