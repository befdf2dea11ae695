import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { centerCrop, randomResizedCrop, shorterSide } from "../../../src/data/augment/crop.ts";
import { KeyedRandom } from "../../../src/data/random.ts";

Deno.test("randomResizedCrop() draws areas and shapes as torchvision does", () => {
  const random = new KeyedRandom();
  let area = 0;
  const count = 4000;
  let wide = 0;
  for (let i = 0; i < count; i++) {
    random.reset(1, 2, i);
    const { left, top, width, height } = randomResizedCrop(random, 500, 375);
    assert(left >= 0 && top >= 0 && left + width <= 500 && top + height <= 375);
    const share = width * height / (500 * 375);
    assert(share > 0.079 && share <= 1);
    const ratio = width / height;
    assert(ratio > 0.74 && ratio < 1.35);
    wide += width > height ? 1 : 0;
    area += share;
  }
  // The algorithm written in Python, 400,000 draws: mean area 0.4328, wider than high 0.5766; here four sigmas.
  assertAlmostEquals(area / count, 0.4328, 0.015);
  assertAlmostEquals(wide / count, 0.5766, 0.032);
});

Deno.test("randomResizedCrop() falls back to the centre where no shape fits", () => {
  const random = new KeyedRandom(1, 1, 1);
  assertEquals(randomResizedCrop(random, 3000, 10), { left: 1493, top: 0, width: 13, height: 10 });
  assertEquals(randomResizedCrop(random, 10, 3000), { left: 0, top: 1493, width: 10, height: 13 });
});

Deno.test("shorterSide() and centerCrop() round as torchvision does", () => {
  assertEquals(shorterSide(500, 375, 256), { width: 341, height: 256 });
  assertEquals(shorterSide(333, 500, 256), { width: 256, height: 384 });
  // Python rounds 58.5 to 58 and 59.5 to 60.
  assertEquals(centerCrop(341, 256, 224), { left: 58, top: 16, width: 224, height: 224 });
  assertEquals(centerCrop(343, 256, 224).left, 60);
});
