import { assertEquals } from "@std/assert";
import { Resampler } from "../../../src/data/augment/resampler.ts";
import { evalPixels } from "../../../src/data/augment/transform_pixels.ts";
import { boxOf, bytes, IMAGES, pattern } from "../image_fixture.ts";

const NORMALISATION = { cacheSide: 1, mean: [0, 0, 0], std: [1, 1, 1] };

Deno.test("Resampler.resize() gives Pillow's bytes for parts of images, scaled up and down", () => {
  const resampler = new Resampler();
  for (const { width, height, box, size, pixels } of IMAGES.cropped) {
    const options = { box: boxOf(box), width: size, height: size };
    assertEquals(resampler.resize(pattern(width, height), options).data, bytes(pixels));
  }
});

Deno.test("evalPixels() gives the bytes of torchvision's Resize and CenterCrop", () => {
  const resampler = new Resampler();
  for (const { width, height, resize, size, pixels } of IMAGES.evaluated) {
    const transform = { ...NORMALISATION, resize, size };
    assertEquals(evalPixels(pattern(width, height), transform, resampler), {
      data: bytes(pixels),
      width: size,
      height: size,
    });
  }
});

Deno.test("Resampler.resize() of an image to its own size changes nothing", () => {
  const image = pattern(61, 46);
  assertEquals(new Resampler().resize(image, { width: 61, height: 46 }), image);
});
