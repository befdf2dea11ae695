import sharp from "sharp";
import type { Pixels } from "./pixels.ts";

// Each worker decodes one image at a time; threads and caches of libvips would only get in each other's way.
sharp.concurrency(1);
sharp.cache(false);

const SEQUENTIAL_JPEG = new Set([0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb]);

/** Whether a JPEG has four channels, which its frame header says. */
function isCmykJpeg(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return false;
  for (let at = 2; at + 9 < bytes.length;) {
    if (bytes[at] !== 0xff) return false;
    if (SEQUENTIAL_JPEG.has(bytes[at + 1])) return bytes[at + 9] === 4;
    at += bytes[at + 1] === 0xff ? 1 : 2 + bytes[at + 2] * 256 + bytes[at + 3];
  }
  return false;
}

/** Pillow's conversion: cyan, magenta and yellow taken off what black leaves. */
function cmykToRgb(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(cmyk.length / 4 * 3);
  for (let from = 0, to = 0; from < cmyk.length; from += 4) {
    const light = 255 - cmyk[from + 3];
    for (let channel = 0; channel < 3; channel++) {
      const product = cmyk[from + channel] * light + 128;
      rgb[to++] = light - ((product + (product >> 8)) >> 8);
    }
  }
  return rgb;
}

/** Red, green and blue of an image of one or two channels, the second of which is transparency. */
function greyToRgb(grey: Uint8Array, channels: number): Uint8Array {
  const rgb = new Uint8Array(grey.length / channels * 3);
  for (let from = 0, to = 0; from < grey.length; from += channels, to += 3) {
    rgb.fill(grey[from], to, to + 3);
  }
  return rgb;
}

/**
 * Decodes an image file as Pillow's `convert("RGB")` shows it: greyscale and CMYK become RGB, transparency, embedded
 * colour profiles and the camera's orientation are not applied. What it is is seen from its bytes, not from its name.
 *
 * @throws Error where it is damaged, cut short or no image
 */
export async function decodeImage(bytes: Uint8Array): Promise<Pixels> {
  if (bytes.length === 0) throw new Error("the file is empty");
  let image = sharp(bytes, { failOn: "truncated", ignoreIcc: true });
  const cmyk = isCmykJpeg(bytes);
  image = cmyk
    ? image.pipelineColourspace("cmyk").toColourspace("cmyk")
    : image.toColourspace("srgb");
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.length);
  if (cmyk && channels === 4) return { data: cmykToRgb(raw), width, height };
  if (channels < 3) return { data: greyToRgb(raw, channels), width, height };
  return { data: channels === 4 ? withoutAlpha(raw) : raw, width, height };
}

function withoutAlpha(rgba: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(rgba.length / 4 * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from];
    rgb[to + 1] = rgba[from + 1];
    rgb[to + 2] = rgba[from + 2];
  }
  return rgb;
}
