import { assertEquals, assertRejects } from "@std/assert";
import { decodeImage } from "../../src/data/decode_image.ts";
import { bytes, FILES, IMAGES } from "./image_fixture.ts";

for (const { name, file, width, height, pixels } of IMAGES.decoded) {
  Deno.test(`decodeImage() shows ${name} as Pillow's convert("RGB") does`, async () => {
    assertEquals(await decodeImage(bytes(file)), { data: bytes(pixels), width, height });
  });
}

Deno.test("decodeImage() refuses what is damaged, cut short, empty or no image", async () => {
  const jpeg = FILES.get("baseline_420.jpg")!;
  await assertRejects(() => decodeImage(jpeg.subarray(0, jpeg.length - 200)), Error, "premature");
  await assertRejects(() => decodeImage(new Uint8Array(100)), Error, "it is of an unknown kind");
  await assertRejects(() => decodeImage(new Uint8Array(0)), Error, "the file is empty");
});
