import { crc32 } from "../crc32.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const BITS = 8;
const RGB = 2;

/**
 * Encodes an image as PNG, without a filter.
 *
 * @param pixels [height, width, 3], red, green and blue from 0 to 255
 * @throws RangeError where `pixels` has another size
 */
export async function encodePng(
  pixels: Uint8Array,
  height: number,
  width: number,
): Promise<Uint8Array> {
  if (pixels.length !== 3 * height * width) {
    throw new RangeError(
      `an image of ${height} x ${width} has ${3 * height * width} bytes; got ${pixels.length}`,
    );
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([BITS, RGB], 8);
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", header),
    chunk("IDAT", await deflate(filtered(pixels, height, width))),
    chunk("IEND", new Uint8Array()),
  ];
  return concat(parts);
}

/** Every row with the number of its filter, 0, before it. */
function filtered(pixels: Uint8Array, height: number, width: number): Uint8Array<ArrayBuffer> {
  const row = 3 * width;
  const rows = new Uint8Array(height * (row + 1));
  for (let y = 0; y < height; y++) {
    rows.set(pixels.subarray(y * row, (y + 1) * row), y * (row + 1) + 1);
  }
  return rows;
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
