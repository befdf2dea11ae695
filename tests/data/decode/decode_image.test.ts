import { crc32, deflateSync } from "node:zlib";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { decodeImage } from "../../../src/data/decode/decode_image.ts";
import { bytes, FILES, IMAGES } from "../image_fixture.ts";
import { UserError } from "../../../src/errors.ts";

for (const { name, file, width, height, pixels } of IMAGES.decoded) {
  Deno.test(`decodeImage() shows ${name} as Pillow's convert("RGB") does`, async () => {
    assertEquals(await decodeImage(bytes(file)), { data: bytes(pixels), width, height });
  });
}

Deno.test("decodeImage() refuses what is damaged, cut short, empty or no image", async () => {
  const jpeg = FILES.get("baseline_420.jpg")!;
  await assertRejects(
    () => decodeImage(jpeg.subarray(0, jpeg.length - 200)),
    UserError,
    "it is damaged or cut short (premature end",
  );
  await assertRejects(() => decodeImage(new Uint8Array(100)), Error, "it is of an unknown kind");
  await assertRejects(() => decodeImage(new Uint8Array(0)), Error, "the file is empty");
});

/** Bytes of a text, each letter one. */
function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** The header of a PNG file. */
function pngHeader(width: number, height: number): Uint8Array {
  const png = FILES.get("palette.png")!.slice();
  const view = new DataView(png.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  view.setUint32(29, crc32(png.subarray(12, 29)));
  return png;
}

/** A bitmap of one bit a pixel that ends behind its header. */
function bitmapHeader(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(62);
  bytes.set(latin1("BM"));
  const numbers = [[10, 62], [14, 40], [18, width], [22, height], [28, 1], [46, 2]];
  for (const [at, value] of numbers) new DataView(bytes.buffer).setUint32(at, value, true);
  return bytes;
}

/** A TIFF whose one part is packed in a way, with these bytes. */
function tiff(width: number, height: number, compression: number, packed: Uint8Array): Uint8Array {
  const tags = [[256, width], [257, height], [258, 8], [259, compression], [262, 1], [273, 98]];
  tags.push([279, packed.length]);
  const bytes = new Uint8Array(98 + packed.length);
  const view = new DataView(bytes.buffer);
  bytes.set(latin1("II*\0\x08\0\0\0"));
  view.setUint16(8, tags.length, true);
  for (const [i, [tag, value]] of tags.entries()) {
    const at = 10 + 12 * i;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, 4, true);
    view.setUint32(at + 4, 1, true);
    view.setUint32(at + 8, value, true);
  }
  bytes.set(packed, 98);
  return bytes;
}

Deno.test("decodeImage() says what a file is that is no image here", async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="60000" height="60000"/>';
  for (
    const [start, what] of [
      [svg, "an SVG drawing"],
      [`\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a -->\n${svg}`, "an SVG drawing"],
      ["%PDF-1.7\n", "a PDF document"],
      ["\0\0\0\x20ftypavif\0\0\0\0", "an AVIF image"],
      ["\0\0\0\x20ftypheic\0\0\0\0", "a HEIF image"],
      ["\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 image"],
      ["<!DOCTYPE html><html>", "a web page"],
      ["version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"],
      ["\x1f\x8b\x08\0", "a gzip file"],
    ]
  ) {
    const error = await assertRejects(() => decodeImage(latin1(start)), Error);
    assertStringIncludes(error.message, `it is ${what}`);
    assertStringIncludes(
      error.message,
      "; images here are JPEG, PNG, PPM, BMP, TIFF, WebP and GIF",
    );
  }
});

Deno.test("decodeImage() refuses more pixels than Pillow reads, whatever the format", async () => {
  const gif = latin1("GIF89a\x80\x3e\x80\x3e\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;");
  const files = [
    pngHeader(16000, 16000),
    bitmapHeader(16000, 16000),
    latin1("P6 16000 16000 255 "),
    tiff(16000, 16000, 1, new Uint8Array(9)),
    gif,
  ];
  for (const file of files) {
    await assertRejects(
      () => decodeImage(file),
      Error,
      "its 16000 x 16000 pixels are more than the 178,956,970 that are read",
    );
  }
  for (const file of [pngHeader(0, 9), bitmapHeader(0, 9), latin1("P5 0 9 255 ")]) {
    await assertRejects(() => decodeImage(file));
  }
});

Deno.test("decodeImage() makes no room for the pixels of a file that has not the bytes for them", async () => {
  const before = Deno.memoryUsage().external;
  const bomb = deflateSync(new Uint8Array(2 ** 24));
  const files = [
    bitmapHeader(13000, 13000),
    latin1("P6 13000 13000 255 "),
    latin1("P3 7000 8000 255 1 2 3"),
    latin1("P1 13000 13000 1 0 1"),
    tiff(13000, 13000, 1, new Uint8Array(9)),
    tiff(13000, 13000, 8, new Uint8Array(9)),
    tiff(2, 2, 8, bomb),
    latin1("GIF89a\xc8\x32\xc8\x32\0\0\0,\0\0\0\0\xc8\x32\xc8\x32\0\x02\x02D\x01\0;"),
  ];
  for (const file of files) {
    await assertRejects(() => decodeImage(file));
    assert(Deno.memoryUsage().external - before < 2 ** 26);
  }
});

Deno.test("decodeImage() ends on any damaged file with an error or an image of its size", async () => {
  for (const { name, file } of IMAGES.decoded) {
    const whole = bytes(file);
    for (let i = 0; i < 40; i++) {
      const damaged = whole.slice(0, i % 4 === 0 ? whole.length * i / 40 : whole.length);
      for (let n = 0; n < 4; n++) {
        damaged[(i * 7919 + n * 104729) % whole.length] ^= 1 + (i * 37 + n) % 255;
      }
      try {
        const { data, width, height } = await decodeImage(damaged);
        assertEquals(data.length, 3 * width * height, name);
      } catch (error) {
        assert(error instanceof Error && error.message.length < 500, name);
      }
    }
  }
});
