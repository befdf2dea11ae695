import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { dropout } from "../../../src/ops/elementwise/dropout.ts";
import { ones, tensor } from "../../../src/tensor/create.ts";
import { device } from "../../helpers.ts";

const gpu = await device();

const COUNT = 40_000;
const seedOf = (seed: number) => tensor(Uint32Array.of(seed));

Deno.test("dropout() zeroes a share p and keeps the mean", async () => {
  for (const p of [0.1, 0.5, 0.9]) {
    const y = await dropout(ones([COUNT]), p, seedOf(7)).data();
    const kept = y.filter((v) => v !== 0);
    const deviation = Math.sqrt(p * (1 - p) / COUNT);
    assert(Math.abs(kept.length / COUNT - (1 - p)) < 5 * deviation, `${kept.length} of ${COUNT}`);
    assert(kept.every((v) => v === Math.fround(1 / (1 - p))));
  }
});

Deno.test("dropout() draws neighbours independently", async () => {
  const y = await dropout(ones([COUNT]), 0.5, seedOf(3)).data();
  for (const distance of [1, 2, 4, 64, 256, 1024]) {
    let agreements = 0;
    for (let i = distance; i < COUNT; i++) if (y[i] === y[i - distance]) agreements++;
    const share = agreements / (COUNT - distance);
    assert(Math.abs(share - 0.5) < 0.0125, `${share} of the pairs ${distance} apart agree`);
  }
});

Deno.test("dropout() gives the same mask for a seed and another for the next", async () => {
  const mask = async (seed: number) => await dropout(ones([1000]), 0.5, seedOf(seed)).data();
  assertEquals(await mask(1), await mask(1));
  assertNotEquals(await mask(1), await mask(2));
});

Deno.test("dropout() passes the gradient where the element was kept", async () => {
  const x = ones([1025], { requiresGrad: true });
  const y = dropout(x, 0.3, seedOf(5));
  y.backward({ gradient: ones([1025]) });
  assertEquals(await x.grad!.data(), await y.data());
});

Deno.test("dropout() replays with the mask of the seed that is there", async () => {
  const [x, seed] = [ones([256]), seedOf(1)];
  let y = x;
  const recording = await gpu.record(() => {
    y = dropout(x, 0.5, seed).keep();
  });
  const first = await y.data();
  seed.copy_(Uint32Array.of(2));
  recording.replay();
  const second = await y.data();
  assertNotEquals(second, first);
  assertEquals(second, await dropout(x, 0.5, seed).data());
  recording.dispose();
});

Deno.test("dropout() does nothing with p = 0 or out of training, and zeroes all with p = 1", async () => {
  const x = ones([5]);
  assertStrictEquals(dropout(x, 0, seedOf(1)), x);
  assertStrictEquals(dropout(x, 0.5, seedOf(1), false), x);
  assertEquals([...await dropout(x, 1, seedOf(1)).data()], [0, 0, 0, 0, 0]);
});

Deno.test("dropout() refuses other probabilities and seeds", () => {
  const x = ones([2]);
  assertThrows(() => dropout(x, 1.5, seedOf(1)), RangeError, "p = 1.5");
  assertThrows(() => dropout(x, 0.5, tensor([1])), TypeError, "a seed of uint32");
  assertThrows(() => dropout(x, 0.5, tensor(Uint32Array.of(1, 2))), RangeError, "one seed");
});
