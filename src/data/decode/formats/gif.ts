import type { Pixels } from "../pixels.ts";
import { checkSize, cutShort, ImageError, type ImageFile } from "./image_file.ts";
import { greyToRgb, paletteToRgb } from "./to_rgb.ts";

/** The first picture of the file. */
interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly isInterlaced: boolean;
  readonly palette: Uint8Array | null;
  /** The number that is transparent, which also stands where the picture does not reach. */
  readonly transparent: number;
  /** First byte of its packed numbers. */
  readonly start: number;
}

/**
 * Opens the first picture of a GIF file. As in Pillow's `convert("RGB")` what is transparent has its colour.
 *
 * @throws {ImageError} where it is damaged
 */
export function openGif(bytes: Uint8Array): ImageFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let frame: Frame;
  try {
    frame = readFrame(bytes, view);
  } catch (error) {
    if (error instanceof RangeError) throw cutShort();
    throw error;
  }
  const width = Math.max(view.getUint16(6, true), frame.left + frame.width);
  const height = Math.max(view.getUint16(8, true), frame.top + frame.height);
  checkSize(width, height);
  checkSize(frame.width, frame.height);
  const decode = (): Pixels => {
    const numbers = place(unpack(bytes, frame), frame, width, height);
    const data = frame.palette ? paletteToRgb(numbers, frame.palette) : greyToRgb(numbers);
    return { data, width, height };
  };
  return { kind: "GIF", width, height, isDeepGrey: false, decode };
}

function readFrame(bytes: Uint8Array, view: DataView): Frame {
  let at = 13;
  let transparent = 0;
  const palette = (flags: number): Uint8Array | null | undefined => {
    if ((flags & 128) === 0) return undefined;
    const colors = bytes.subarray(at, at += 6 << (flags & 7));
    return colors.every((value, i) => value === Math.floor(i / 3)) ? null : colors;
  };
  const shared = palette(view.getUint8(10));
  for (;;) {
    const mark = view.getUint8(at++);
    if (mark === 0x21) {
      const isControl = view.getUint8(at++) === 0xf9;
      if (isControl && view.getUint8(at + 1) & 1) transparent = view.getUint8(at + 4);
      for (let size = view.getUint8(at); size > 0; size = view.getUint8(at)) at += size + 1;
      at++;
    } else if (mark === 0x2c) {
      const [left, top, width, height] = [0, 2, 4, 6].map((i) => view.getUint16(at + i, true));
      const flags = view.getUint8(at + 8);
      at += 9;
      const own = palette(flags);
      const colors = (own === undefined ? shared : own) ?? null;
      const isInterlaced = (flags & 64) !== 0;
      return { left, top, width, height, isInterlaced, palette: colors, transparent, start: at };
    } else if (mark === 0x3b) {
      throw new ImageError("a GIF without a picture");
    }
  }
}

/** The numbers on the whole canvas. */
function place(numbers: Uint8Array, frame: Frame, width: number, height: number): Uint8Array {
  const rows = rowOrder(frame);
  const canvas = new Uint8Array(width * height).fill(frame.transparent);
  for (const [i, row] of rows.entries()) {
    const from = i * frame.width;
    canvas.set(
      numbers.subarray(from, from + frame.width),
      (frame.top + row) * width + frame.left,
    );
  }
  return canvas;
}

/** The row that each packed row is. */
function rowOrder({ height, isInterlaced }: Frame): number[] {
  const passes = isInterlaced ? [[0, 8], [4, 8], [2, 4], [1, 2]] : [[0, 1]];
  return passes.flatMap(([first, step]) =>
    Array.from({ length: Math.ceil((height - first) / step) }, (_, i) => first + i * step)
  );
}

/** The packed bytes, which lie in blocks of up to 255. */
function joined(bytes: Uint8Array, start: number): Uint8Array {
  const all = new Uint8Array(bytes.length - Math.min(start, bytes.length));
  let done = 0;
  for (let at = start; at < bytes.length && bytes[at] > 0; at += bytes[at] + 1) {
    const block = bytes.subarray(at + 1, at + 1 + bytes[at]);
    all.set(block, done);
    done += block.length;
  }
  return all.subarray(0, done);
}

/** GIF's LZW: codes of up to 12 bits, the lowest bit first. */
function unpack(bytes: Uint8Array, { start, width: columns, height }: Frame): Uint8Array {
  const least = bytes[start];
  if (!(least >= 1 && least <= 8)) throw new ImageError("a GIF that cannot be unpacked");
  const packed = joined(bytes, start + 1);
  const size = columns * height;
  // A code stands for 4096 numbers at most: a file of a few bytes does not get to fill the memory.
  if (packed.length * 8 / (least + 1) * 4096 < size) throw cutShort();
  const plain = new Uint8Array(size);
  const [clear, end] = [1 << least, (1 << least) + 1];
  // The text of a code is where the output already has it.
  const places = new Uint32Array(4096);
  const lengths = new Uint32Array(4096).fill(1, 0, clear);
  let [done, next, width, bits, buffer, at] = [0, end + 1, least + 1, 0, 0, 0];
  let last = -1;
  while (done < size) {
    for (; bits < width && at < packed.length; bits += 8) buffer |= packed[at++] << bits;
    if (bits < width) throw cutShort();
    const code = buffer & (1 << width) - 1;
    buffer >>>= width;
    bits -= width;
    if (code === end) throw cutShort();
    if (code === clear) {
      [next, width, last] = [end + 1, least + 1, -1];
      continue;
    }
    if (last >= 0 && next < 4096) {
      places[next] = done - lengths[last];
      lengths[next++] = lengths[last] + 1;
    }
    if (code >= next) throw new ImageError("a GIF with an unknown LZW code");
    const length = Math.min(lengths[code], size - done);
    if (code < clear) plain[done] = code;
    // Byte by byte: the text can reach into itself.
    else for (let i = 0; i < length; i++) plain[done + i] = plain[places[code] + i];
    done += length;
    last = code;
    if (next >= 1 << width && width < 12) width++;
  }
  return plain;
}
