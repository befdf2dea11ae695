import { openBmp } from "./formats/bmp.ts";
import { openGif } from "./formats/gif.ts";
import { checkSize, ImageError, type ImageFile, MOST_PIXELS } from "./formats/image_file.ts";
import { imageKind, otherKind } from "./formats/image_kind.ts";
import { openPpm } from "./formats/ppm.ts";
import { openTiff } from "./formats/tiff_image.ts";
import { clipped, cmykToRgb, greyToRgb } from "./formats/to_rgb.ts";
import type { Pixels } from "./pixels.ts";
import { sharp, type SharpImage } from "./sharp.ts";

/** What the library can read and no image here is; it may lack some of them. */
const OTHER_LOADERS = [
  ...["Analyze", "Csv", "Dcraw", "Fits", "Heif", "Jp2k", "Jxl", "Magick", "Magick7", "Mat"],
  ...["Matrix", "Nsgif", "OpenExr", "Openexr", "OpenSlide", "Openslide", "Pdf", "Ppm", "Rad"],
  ...["Raw", "Svg", "Uhdr", "Vips"],
];

// Each worker decodes one image at a time; threads and caches of libvips would only get in each other's way.
sharp.concurrency(1);
sharp.cache(false);
// What a file is has been seen from its bytes; the library has no say in it.
// Blocking is for the whole process: all but a few, blocked by each worker, would for a moment block the few, too.
sharp.block({
  operation: OTHER_LOADERS.map((kind) => `VipsForeignLoad${kind}`),
});

const SEQUENTIAL_JPEG = new Set([0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb]);

/** Columns, rows and channels, as the frame header of a JPEG says them; null where none is found. */
function jpegFrame(bytes: Uint8Array): { width: number; height: number; channels: number } | null {
  const pair = (at: number) => bytes[at] * 256 + bytes[at + 1];
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff;) {
    if (SEQUENTIAL_JPEG.has(bytes[at + 1])) {
      return { height: pair(at + 5), width: pair(at + 7), channels: bytes[at + 9] };
    }
    at += bytes[at + 1] === 0xff ? 1 : 2 + pair(at + 2);
  }
  return null;
}

/** Seconds that the library may take for an image of a million pixels, and for any. */
const SECONDS_A_MILLION = 0.2;
const SECONDS = 10;

function library(bytes: Uint8Array, megapixels: number): SharpImage {
  const image = sharp(bytes, {
    ...{ failOn: "truncated", ignoreIcc: true, limitInputPixels: MOST_PIXELS },
  });
  return image.timeout({ seconds: Math.ceil(SECONDS + SECONDS_A_MILLION * megapixels) });
}

/**
 * Runs what the library does.
 *
 * @throws ImageError with the library's words for what it met
 */
async function byLibrary<T>(fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (cause) {
    const [line] = (cause as Error).message.split("\n");
    const said = line.replace(/^Input buffer has corrupt header: /, "").replace(
      /^\w*vips\w*: /i,
      "",
    );
    if (said.startsWith("timeout")) throw new ImageError("it takes too long to decode", { cause });
    throw new ImageError(`it is damaged or cut short (${said})`, { cause });
  }
}

/** Place of the bits of a PNG file's numbers; behind it stands what the numbers are. */
const PNG_BITS = 24;
const PNG_GREY = 0;

interface Raw {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

async function raw(image: SharpImage, isCmyk: boolean): Promise<Raw> {
  const shown = isCmyk
    ? image.pipelineColourspace("cmyk").toColourspace("cmyk")
    : image.toColourspace("srgb").removeAlpha();
  const { data, info } = await shown.raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return {
    data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    ...{ width, height, channels },
  };
}

/** Grey of 16 bits, of which what is above 255 is white. */
async function deepGrey(image: SharpImage): Promise<Pixels> {
  const { data, info } = await image.toColourspace("grey16").removeAlpha()
    .raw({ depth: "ushort" }).toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const numbers = new Uint16Array(data.buffer, data.byteOffset, width * height);
  return { data: greyToRgb(clipped(numbers, new Uint8Array(width * height))), width, height };
}

/** Columns and rows; of the usual files without asking the library, which takes as long as decoding a small one. */
async function sizeOf(bytes: Uint8Array, kind: string): Promise<{ width: number; height: number }> {
  if (kind === "PNG" && bytes.length >= PNG_BITS) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return { width: view.getUint32(16), height: view.getUint32(20) };
  }
  const frame = kind === "JPEG" ? jpegFrame(bytes) : null;
  return frame ?? await sharp(bytes, { limitInputPixels: false }).metadata();
}

async function openByLibrary(bytes: Uint8Array, kind: string): Promise<ImageFile> {
  const { width, height } = await byLibrary(() => sizeOf(bytes, kind));
  checkSize(width, height);
  // Of grey with alpha the upper eight bits count, as of colours.
  const isDeepGrey = kind === "PNG" && bytes[PNG_BITS] === 16 && bytes[PNG_BITS + 1] === PNG_GREY;
  const megapixels = width * height / 1e6;
  return {
    ...{ kind, width, height, isDeepGrey },
    decode: () =>
      byLibrary(async () => {
        const image = library(bytes, megapixels);
        if (isDeepGrey) return await deepGrey(image);
        const isCmyk = kind === "JPEG" && jpegFrame(bytes)?.channels === 4;
        const { data, channels, ...size } = await raw(image, isCmyk);
        if (isCmyk && channels === 4) return { data: cmykToRgb(data), ...size };
        return { data: channels < 3 ? greyToRgb(data, channels) : data, ...size };
      }),
  };
}

/**
 * Reads the header of an image file: what it is is seen from its bytes, not from its name.
 *
 * @throws ImageError where it is no image, of a kind that is not decoded, or has more pixels than Pillow reads
 */
export async function openImage(bytes: Uint8Array): Promise<ImageFile> {
  if (bytes.length === 0) throw new ImageError("the file is empty");
  switch (imageKind(bytes)) {
    case "JPEG":
      return await openByLibrary(bytes, "JPEG");
    case "PNG":
      return await openByLibrary(bytes, "PNG");
    case "WebP":
      return await openByLibrary(bytes, "WebP");
    case "TIFF":
      return openTiff(
        bytes,
        (isCmyk, megapixels) => byLibrary(() => raw(library(bytes, megapixels), isCmyk)),
      );
    case "BMP":
      return openBmp(bytes);
    case "PPM":
      return openPpm(bytes);
    case "GIF":
      return openGif(bytes);
    case null:
      throw new ImageError(
        `it is ${otherKind(bytes)}; images here are JPEG, PNG, PPM, BMP, TIFF, WebP and GIF`,
      );
  }
}

/**
 * Decodes an image file as Pillow's `convert("RGB")` shows it: greyscale and CMYK become RGB, transparency, embedded
 * colour profiles and the camera's orientation are not applied, but the orientation of TIFF files is. Of grey with 16
 * bits what is above 255 is white.
 *
 * @throws ImageError where it is damaged, cut short or no image
 */
export async function decodeImage(bytes: Uint8Array): Promise<Pixels> {
  return await (await openImage(bytes)).decode();
}
