import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { ColorJitter } from "../../../src/data/augment/color_jitter.ts";
import { KeyedRandom } from "../../../src/data/random.ts";
import { bytes } from "../image_fixture.ts";
import { canvasOf, Drawn, FIXTURE } from "./image_ops_fixture.ts";

const { factors, results, ranges, wide } = FIXTURE.colorJitter;
const JITTER = { brightness: 0.4, contrast: 0.5, saturation: 0.6, hue: 0.1 };

/** The order that three drawn numbers make. */
function orderOf(draws: readonly number[]): string {
  const order = [0, 1, 2, 3];
  for (const [n, j] of draws.entries()) {
    [order[3 - n], order[j]] = [order[j], order[3 - n]];
  }
  return order.join("");
}

Deno.test("ColorJitter.apply() gives torchvision's bytes in all 24 orders", () => {
  const jitter = new ColorJitter(JITTER);
  const seen = new Set<string>();
  for (let code = 0; code < 24; code++) {
    const draws = [code % 4, (code >> 2) % 3, Math.floor(code / 12)];
    const order = orderOf(draws);
    seen.add(order);
    const canvas = canvasOf("rgb");
    const random = new Drawn(draws, factors);
    jitter.apply(canvas, random);
    assertEquals(canvas.data, bytes(results[order]), order);
    for (const [i, [from, to]] of ranges.entries()) {
      assertAlmostEquals(random.asked[i][0], from, 1e-12);
      assertAlmostEquals(random.asked[i][1], to, 1e-12);
    }
  }
  assertEquals(seen.size, 24);
});

Deno.test("ColorJitter.apply() draws no factor of what is off, and none below 0", () => {
  const random = new Drawn([3, 2, 1], [1]);
  new ColorJitter({ brightness: 1.5 }).apply(canvasOf("rgb"), random);
  assertEquals([random.asked, random.left], [[wide], 0]);
});

Deno.test("ColorJitter.apply() takes every order as often as the others", () => {
  const random = new KeyedRandom(4, 5, 6);
  const counts = new Map<string, number>();
  const canvas = canvasOf("pixel");
  const jitter = new ColorJitter({});
  for (let i = 0; i < 4800; i++) {
    const draws: number[] = [];
    jitter.apply(canvas, {
      below: (n: number) => (draws.push(random.below(n)), draws.at(-1)!),
      uniform: () => 1,
    });
    const order = orderOf(draws);
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assertEquals(counts.size, 24);
  // Five deviations of the counts.
  for (const count of counts.values()) assertAlmostEquals(count, 200, 70);
});

Deno.test("ColorJitter() refuses options out of their ranges and unknown ones", () => {
  const make = (options: object) => () => new ColorJitter(options);
  assertThrows(make({ hue: 0.6 }), RangeError, "a hue from 0 to 0.5; got 0.6");
  assertThrows(make({ contrast: -1 }), RangeError, "a contrast of at least 0; got -1");
  assertThrows(make({ saturation: NaN }), RangeError, "a saturation of at least 0; got NaN");
  assertThrows(make({ color: 1 }), TypeError, "has no option color; it has brightness");
});
