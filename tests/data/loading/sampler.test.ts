import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { balancedClassWeights, classWeights } from "../../../src/data/class_balance.ts";
import { Sampler } from "../../../src/data/loading/sampler.ts";
import { UserError } from "../../../src/errors.ts";

function sorted(values: Iterable<number>): number[] {
  return [...values].sort((a, b) => a - b);
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

Deno.test("Sampler.order() is a permutation that depends on seed and epoch alone", () => {
  const order = (seed: number, epoch: number) => new Sampler({ length: 101, seed }).order(epoch);
  assertEquals(sorted(order(0, 1)), upTo(101));
  const sampler = new Sampler({ length: 101 });
  sampler.order(1);
  assertEquals(sampler.order(2), order(0, 2));
  assertNotEquals(order(0, 1), order(0, 2));
  assertNotEquals(order(0, 1), order(1, 1));
});

Deno.test("Sampler.order() mixes classes that come in blocks", () => {
  const first = new Sampler({ length: 1000 }).order(1).slice(0, 100);
  const blocks = new Set(first.map((position) => Math.floor(position / 100)));
  assertEquals(blocks.size, 10);
});

Deno.test("Sampler.order() is the data set's without shuffling", () => {
  assertEquals(new Sampler({ length: 5, shuffle: false }).order(3), Int32Array.from(upTo(5)));
});

interface Unbalanced {
  labels: number[];
  /** How often PyTorch's WeightedRandomSampler draws each image, as a share of all draws. */
  shares: number[];
  classWeights: number[];
}

const { unbalanced }: { unbalanced: Unbalanced } = JSON.parse(
  Deno.readTextFileSync(new URL("../../fixtures/data/mixing.json", import.meta.url)),
);

Deno.test("Sampler.order() draws each class as often where it is to balance, as WeightedRandomSampler", () => {
  const balance = Int32Array.from(unbalanced.labels);
  const { length } = balance;
  const sampler = new Sampler({ length, seed: 5, balance });
  const epochs = 500;
  const drawn = new Float64Array(length);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = sampler.order(epoch);
    assertEquals(order.length, length);
    for (const position of order) drawn[position]++;
  }
  for (const [i, share] of unbalanced.shares.entries()) {
    const expected = share * epochs * length;
    // Five standard deviations.
    assertAlmostEquals(drawn[i], expected, 5 * Math.sqrt(expected), `image ${i}`);
  }
  assertEquals(new Sampler({ length, seed: 5, balance }).order(3), sampler.order(3));
  assertNotEquals(sampler.order(3), sampler.order(4));
  const plain = new Sampler({ length, seed: 5, balance, shuffle: false });
  assertEquals(sorted(plain.order(3)), upTo(length));
});

Deno.test("Sampler.key() tells an image that is drawn twice apart, and none in a shuffle", () => {
  const balance = Int32Array.of(0, 0, 1);
  assertEquals(new Sampler({ length: 3, balance }).key(2, 0), 2);
  assertEquals(new Sampler({ length: 3 }).key(2, 0), 0);
});

Deno.test("classWeights() are scikit-learn's where they are to balance, and one for each class", () => {
  const dataset = {
    name: "cats",
    labels: Int32Array.from(unbalanced.labels),
    classes: ["a", "b", "c"],
  };
  assertEquals(classWeights("none", dataset), null);
  const found = classWeights("balanced", dataset)!;
  found.forEach((weight, c) => assertAlmostEquals(weight, unbalanced.classWeights[c], 1e-12));
  assertEquals(classWeights([1, 2, 3], dataset), [1, 2, 3]);
  assertThrows(
    () => classWeights([1, 2], dataset),
    UserError,
    "SOLVER.CLASS_WEIGHTS must have a number for each of the 3 classes of cats, in the order of their labels; got 2",
  );
  // A class without images is left out.
  assertEquals(balancedClassWeights(Int32Array.of(0, 0, 2), 3), [0.75, 0, 1.5]);
});
