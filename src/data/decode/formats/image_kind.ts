import { ppmMagic } from "./ppm.ts";
import { isTiff } from "./tiff.ts";

/** Kinds of files that count as images here. */
type ImageKind = "JPEG" | "PNG" | "WebP" | "TIFF" | "BMP" | "PPM" | "GIF";

/** What other files have at a place, to say what one is that is no image here. */
const MARKS: readonly (readonly [at: number, mark: string, name: string])[] = [
  ...["avif", "avis"].map((brand) => [4, `ftyp${brand}`, "an AVIF image"] as const),
  ...["heic", "heix", "heim", "heis", "hevc", "mif1", "msf1"].map((brand) =>
    [4, `ftyp${brand}`, "a HEIF image"] as const
  ),
  [0, "\0\0\0\x0cjP  ", "a JPEG 2000 image"],
  [0, "\xff\x4f\xff\x51", "a JPEG 2000 image"],
  [0, "\0\0\0\x0cJXL ", "a JPEG XL image"],
  [0, "\xff\x0a", "a JPEG XL image"],
  [0, "%PDF-", "a PDF document"],
  [0, "%!PS", "a PostScript document"],
  [0, "8BPS", "a Photoshop file"],
  [0, "\0\0\x01\0", "an icon"],
  [0, "DDS ", "a DirectDraw surface"],
  [0, "qoif", "a QOI image"],
  [0, "PK\x03\x04", "a zip archive"],
  [0, "\x1f\x8b", "a gzip file"],
  [0, "\x93NUMPY", "a NumPy array"],
  [0, "\x89HDF", "an HDF5 file"],
  [0, "\0\x05\x16\x07", "what macOS keeps beside another file"],
  [0, "version https://git-lfs", "a pointer of Git LFS, whose file is not fetched"],
];

/** The same for what is written in letters, behind a mark of UTF-8 and spaces. */
const TEXTS: readonly (readonly [RegExp, string])[] = [
  [/^(<\?xml[^>]*>\s*)?(<!--[^]*?-->\s*)*(<!DOCTYPE svg|<svg)/i, "an SVG drawing"],
  [/^<(!doctype )?html/i, "a web page"],
  [/^<\?xml/, "an XML document"],
];

/** The kind of a file as its first bytes tell it, whatever its name is; null where it is no image here. */
export function imageKind(bytes: Uint8Array): ImageKind | null {
  const mark = String.fromCharCode(...bytes.subarray(0, 12));
  if (mark.startsWith("\xff\xd8\xff")) return "JPEG";
  if (mark.startsWith("\x89PNG\r\n\x1a\n")) return "PNG";
  if (/^RIFF....WEBP/s.test(mark)) return "WebP";
  if (isTiff(bytes)) return "TIFF";
  if (mark.startsWith("BM")) return "BMP";
  if (/^GIF8[79]a/.test(mark)) return "GIF";
  return ppmMagic(bytes) === undefined ? null : "PPM";
}

/** What a file is that {@linkcode imageKind} does not know, in a few words. */
export function otherKind(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 1024));
  const mark = MARKS.find(([at, mark]) => start.startsWith(mark, at));
  if (mark) return mark[2];
  const text = start.replace(/^\xef\xbb\xbf/, "").trimStart();
  return TEXTS.find(([pattern]) => pattern.test(text))?.[1] ?? "of an unknown kind";
}
