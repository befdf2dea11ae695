import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { hue } from "../../../src/data/augment/color_ops.ts";
import { OPERATIONS, RandAugment } from "../../../src/data/augment/rand_augment.ts";
import { KeyedRandom } from "../../../src/data/random.ts";
import { bytes } from "../image_fixture.ts";
import { canvasOf, Drawn, FIXTURE } from "./image_ops_fixture.ts";

for (const name of [...OPERATIONS.map((each) => each.name), "Hue"]) {
  Deno.test(`${name} changes images to the bytes of Pillow`, () => {
    const apply = OPERATIONS.find((each) => each.name === name)?.apply ?? hue;
    const cases = FIXTURE.operations.filter(([, operation]) => operation === name);
    assert(cases.length >= 10);
    for (const [image, , value, result] of cases) {
      const canvas = canvasOf(image);
      apply(canvas, value);
      assertEquals(canvas.data, bytes(result), `${name} ${value} of ${image}`);
    }
  });
}

Deno.test("RandAugment has torchvision's operations, signs and magnitudes", () => {
  assertEquals(
    OPERATIONS.map(({ name, signed }) => [name, signed]),
    Object.entries(FIXTURE.signed),
  );
  for (const [size, table] of Object.entries(FIXTURE.space)) {
    const [height, width] = size.split("x").map(Number);
    for (const { name, value } of OPERATIONS) {
      assertEquals(table[name].map((_, i) => value(i, height, width)), table[name], name);
    }
  }
});

Deno.test("RandAugment.apply() gives torchvision's bytes for its random numbers", () => {
  for (const { magnitude, numOps, draws, image, result } of FIXTURE.randAugment) {
    const random = new Drawn(draws);
    const canvas = canvasOf(image);
    new RandAugment({ numOps, magnitude }, canvas.height, canvas.width).apply(canvas, random);
    assertEquals(canvas.data, bytes(result));
    assertEquals(random.left, 0);
  }
});

Deno.test("RandAugment.apply() draws each operation and each sign as often as the others", () => {
  const random = new KeyedRandom(1, 2, 3);
  const seen = new Map<string, number>();
  const counted = {
    below(n: number): number {
      const value = random.below(n);
      const key = `${n} ${value}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      return value;
    },
  };
  const canvas = canvasOf("pixel");
  const augment = new RandAugment({ numOps: 14 * 500 }, 1, 1);
  augment.apply(canvas, counted);
  const signed = Object.values(FIXTURE.signed).filter(Boolean).length;
  assertEquals(seen.size, 16);
  // Five deviations of the counts.
  for (let i = 0; i < 14; i++) assertAlmostEquals(seen.get(`14 ${i}`)!, 500, 110);
  for (let i = 0; i < 2; i++) assertAlmostEquals(seen.get(`2 ${i}`)!, signed * 250, 170);
});

Deno.test("RandAugment() refuses options out of their ranges and unknown ones", () => {
  const make = (options: object) => () => new RandAugment(options, 4, 4);
  assertThrows(make({ magnitude: 31 }), RangeError, "an integer from 0 to 30; got 31");
  assertThrows(make({ magnitude: 1.5 }), RangeError, "an integer from 0 to 30; got 1.5");
  assertThrows(make({ numOps: -1 }), RangeError, "a whole number of operations; got -1");
  assertThrows(make({ num_ops: 2 }), TypeError, "has no option num_ops; it has numOps, magnitude");
});
