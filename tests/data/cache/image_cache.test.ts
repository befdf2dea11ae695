import { assertEquals } from "@std/assert";
import { decodeImageCache, encodeImageCache } from "../../../src/data/cache/image_cache.ts";

const CACHED = {
  images: Uint8Array.from({ length: 21 }, (_, i) => i * 11),
  labels: new Uint8Array([0, 1, 2]),
};

Deno.test("decodeImageCache() reads what encodeImageCache() wrote", () => {
  assertEquals(decodeImageCache(encodeImageCache(CACHED), 7), CACHED);
});

Deno.test("decodeImageCache() notices any damaged byte, a cut and another image size", () => {
  const bytes = encodeImageCache(CACHED);
  for (let i = 0; i < bytes.length; i++) {
    const damaged = bytes.slice();
    damaged[i] ^= 4;
    assertEquals(decodeImageCache(damaged, 7), null, `byte ${i}`);
    assertEquals(decodeImageCache(bytes.slice(0, i), 7), null);
  }
  assertEquals(decodeImageCache(bytes, 8), null);
});
