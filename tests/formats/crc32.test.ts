import { assertEquals } from "@std/assert";
import { crc32 as zlib } from "node:zlib";
import { crc32, crc32c } from "../../src/formats/crc32.ts";

Deno.test("crc32() and crc32c() give the published checksums of the digits", () => {
  const digits = new TextEncoder().encode("123456789");
  assertEquals(crc32(digits), 0xcbf43926);
  assertEquals(crc32c(digits), 0xe3069283);
  assertEquals(crc32(new Uint8Array()), 0);
});

Deno.test("crc32() is zlib's at every position and length, and goes on from the part before", () => {
  const bytes = Uint8Array.from({ length: 200 }, (_, i) => (i * i * 31 + 7 * i) & 255);
  for (let begin = 0; begin < 20; begin++) {
    for (let end = begin; end < 100; end++) {
      const part = bytes.subarray(begin, end);
      assertEquals(crc32(part), zlib(part));
      assertEquals(crc32(bytes.subarray(end), crc32(part)), zlib(bytes.subarray(begin)));
    }
  }
});
