import { assertEquals } from "@std/assert";
import { cutMix, type Mix, UNMIXED } from "../../src/data/augment/mix.ts";
import { mixImages } from "../../src/ops/mix_images.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import { assertClose, device, values } from "../helpers.ts";

await device();

interface MixedCase {
  share: number;
  cutmix: boolean;
  y: number;
  x: number;
  images: number[];
}

const { mixed }: { mixed: MixedCase[] } = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/data/mixing.json", import.meta.url)),
);

/** Images that are mixed on the device. */
async function mix(data: Float32Array, shape: Shape, { weight, box }: Mix) {
  const images = tensor(data, shape);
  mixImages(images, tensor([weight, ...box]));
  return await images.data();
}

for (const { share, cutmix, y, x, images } of mixed) {
  Deno.test(`mixImages() matches timm's ${cutmix ? "CutMix" : "mixup"} of ${share}`, async () => {
    const how = cutmix ? cutMix(share, y, x, 5, 6) : { ...UNMIXED, weight: share };
    const shape = [4, 2, 5, 6];
    assertClose(await mix(values("mix/images", shape), shape, how), images, 1e-7);
  });
}

Deno.test("mixImages() leaves the image in the middle, and a batch that is not mixed", async () => {
  const shape = [3, 1, 4, 4];
  const before = values("odd", shape);
  const half = await mix(before, shape, { ...UNMIXED, weight: 0.5 });
  assertEquals(half.subarray(16, 32), before.subarray(16, 32));
  assertEquals(half.subarray(0, 16), half.subarray(32));
  const exchanged = await mix(before, shape, { ...UNMIXED, box: [0, 4, 0, 4] });
  assertEquals([...exchanged.subarray(0, 16)], [...before.subarray(32)]);
  before[3] = NaN;
  assertEquals(await mix(before, shape, UNMIXED), before);
  const one = values("one", [1, 1, 4, 4]);
  assertEquals(await mix(one, [1, 1, 4, 4], { ...UNMIXED, weight: 0.5 }), one);
});
