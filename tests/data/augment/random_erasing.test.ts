import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { RandomErasing } from "../../../src/data/augment/random_erasing.ts";
import { KeyedRandom } from "../../../src/data/random.ts";
import { boxOf } from "../image_fixture.ts";
import { Drawn, FIXTURE } from "./image_ops_fixture.ts";

Deno.test("RandomErasing.draw() gives torchvision's part for its random numbers", () => {
  const erasing = new RandomErasing({ scale: [0.02, 0.8] });
  for (const { height, width, uniforms, integers, box } of FIXTURE.randomErasing) {
    const random = new Drawn(integers, uniforms);
    assertEquals(erasing.draw(random, height, width), box && boxOf(box));
    assertEquals(random.left, 0);
    assertEquals(random.asked.length, uniforms.length);
  }
});

Deno.test("RandomErasing.apply() erases as often, as much and where torchvision does", () => {
  const { part, means, deviations, noise } = FIXTURE.erased;
  const shape = { channels: 1, height: 28, width: 28 };
  const erasing = new RandomErasing({ p: 0.25, value: "random" });
  const image = new Float32Array(28 * 28);
  const places = [...image.keys()];
  const n = 20000;
  const sums = [0, 0, 0, 0];
  const values = [0, 0, 0];
  const random = new KeyedRandom();
  for (let position = 0; position < n; position++) {
    image.fill(99);
    random.reset(7, 1, position);
    erasing.apply(image, 0, shape, random);
    const inside = places.filter((i) => image[i] !== 99);
    if (inside.length === 0) continue;
    const [first, last] = [inside[0], inside.at(-1)!].map((i) => Math.floor(i / 28));
    for (const [i, each] of [1, inside.length, last - first + 1, first].entries()) sums[i] += each;
    for (const i of inside) {
      values[0]++;
      values[1] += image[i];
      values[2] += image[i] ** 2;
    }
  }
  // Both are samples: five deviations of their difference.
  assertAlmostEquals(sums[0] / n, part, 5 * Math.sqrt(2 * 0.25 * 0.75 / n));
  for (const [i, mean] of means.entries()) {
    assertAlmostEquals(sums[i + 1] / sums[0], mean, 5 * Math.sqrt(2 / sums[0]) * deviations[i]);
  }
  assertAlmostEquals(values[1] / values[0], noise[0], 0.02);
  assertAlmostEquals(Math.sqrt(values[2] / values[0]), noise[1], 0.02);
});

Deno.test("RandomErasing.apply() writes its value in all channels of one image", () => {
  const shape = { channels: 3, height: 4, width: 5 };
  const target = new Float32Array(3 * 60).fill(9);
  new RandomErasing({ p: 1, scale: [0.3, 0.3], ratio: [1, 1], value: -2 })
    .apply(target, 60, shape, new KeyedRandom(1));
  const erased = [...target.keys()].filter((i) => target[i] !== 9);
  // The root of 0.3 * 20 is 2.4: 2 x 2.
  assertEquals(erased.length, 3 * 4);
  assertEquals(new Set(erased.map((i) => (i - 60) % 20)).size, 4);
  for (const i of erased) assertEquals([target[i], i >= 60 && i < 120], [-2, true]);
  const all = target.slice();
  new RandomErasing({ p: 0 }).apply(target, 0, shape, new KeyedRandom(1));
  assertEquals(target, all);
});

Deno.test("RandomErasing() refuses options out of their ranges and unknown ones", () => {
  const make = (options: object) => () => new RandomErasing(options);
  assertThrows(make({ p: 1.1 }), RangeError, "a probability p from 0 to 1; got 1.1");
  assertThrows(make({ scale: [0.5, 0.2] }), RangeError, "within 0 and 1; got [0.5,0.2]");
  assertThrows(make({ ratio: [0, 1] }), RangeError, "above 0; got [0,1]");
  assertThrows(make({ value: "mean" }), RangeError, 'a number or "random" as value; got mean');
  assertThrows(make({ probability: 1 }), TypeError, "has no option probability; it has p, scale");
});
