import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Sampler } from "../../src/data/sampler.ts";

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

Deno.test("Sampler.order() splits an epoch over processes", () => {
  const ranks = (length: number, dropLast: boolean) =>
    [0, 1, 2].map((rank) => new Sampler({ length, rank, worldSize: 3, dropLast }).order(1));
  assertEquals(sorted(ranks(9, true).flatMap((order) => [...order])), upTo(9));
  assertEquals(ranks(10, true).map((order) => order.length), [3, 3, 3]);
  assertEquals(new Set(ranks(10, true).flatMap((order) => [...order])).size, 9);
  assertEquals(ranks(10, false).map((order) => order.length), [4, 4, 4]);
  assertEquals(new Set(ranks(10, false).flatMap((order) => [...order])).size, 10);
});

Deno.test("Sampler() refuses a rank that is none of the processes", () => {
  assertThrows(() => new Sampler({ length: 9, rank: 2, worldSize: 2 }), RangeError, "from 0 to 1");
});
