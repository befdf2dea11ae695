import { assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { KeyedRandom } from "../../src/data/random.ts";

function draw(random: KeyedRandom, n: number): number[] {
  return Array.from({ length: n }, () => random.next());
}

/** sfc32 as its author wrote it, on BigInts, to check the 32-bit arithmetic. */
function reference(a: bigint, b: bigint, c: bigint, n: number): number[] {
  const mask = 0xffffffffn;
  let counter = 1n;
  const next = () => {
    const result = (a + b + counter++) & mask;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & mask;
    c = ((((c << 21n) | (c >> 11n)) & mask) + result) & mask;
    return Number(result);
  };
  for (let i = 0; i < 12; i++) next();
  return Array.from({ length: n }, next);
}

Deno.test("KeyedRandom.next() is sfc32", () => {
  assertEquals(draw(new KeyedRandom(1, 2, 3), 100), reference(1n, 2n, 3n, 100));
  assertEquals(
    draw(new KeyedRandom(0xffffffff, 0, 0xdeadbeef), 100),
    reference(0xffffffffn, 0n, 0xdeadbeefn, 100),
  );
});

Deno.test("KeyedRandom.reset() forgets what was drawn before, and every key counts", () => {
  const random = new KeyedRandom(1, 2, 3);
  const first = draw(random, 5);
  random.reset(1, 2, 3);
  assertEquals(draw(random, 5), first);
  for (const keys of [[2, 2, 3], [1, 3, 3], [1, 2, 4]] as const) {
    assertNotEquals(draw(new KeyedRandom(...keys), 5), first);
  }
});

Deno.test("KeyedRandom.below() is uniform over neighbouring streams", () => {
  const counts = new Array(5).fill(0);
  const random = new KeyedRandom();
  for (let stream = 0; stream < 50_000; stream++) {
    random.reset(0, 1, stream);
    counts[random.below(5)]++;
  }
  for (const count of counts) assertAlmostEquals(count, 10_000, 400);
  assertEquals(random.below(1), 0);
});
