import { assertEquals, assertRejects } from "@std/assert";
import { ReadbackRing } from "../../src/gpu/readback_ring.ts";
import { tensor } from "../../src/tensor/create.ts";
import { device } from "../helpers.ts";

const gpu = await device();

Deno.test("ReadbackRing hands on every state in order, however few its slots", async () => {
  for (const slots of [1, 4]) {
    const x = tensor([0, 10, 20]);
    const seen: [number[], string][] = [];
    const receive = (values: Float32Array, tag: string) => seen.push([[...values], tag]);
    const ring = new ReadbackRing<string>(gpu, 12, receive, slots);
    for (let k = 1; k <= 9; k++) {
      x.copy_(Float32Array.of(k, 10 + k, 20 + k));
      await ring.push(x.storage, `step ${k}`);
    }
    await ring.drain();
    const expected = Array.from({ length: 9 }, (_, i) => {
      return [[i + 1, i + 11, i + 21], `step ${i + 1}`];
    });
    assertEquals(seen as unknown[], expected);
    ring.dispose();
    x.dispose();
  }
});

Deno.test("ReadbackRing.push() waits only when all slots are under way", async () => {
  const x = tensor([1]);
  let received = 0;
  const ring = new ReadbackRing<null>(gpu, 4, () => received++, 2);
  // None of these gives the event loop time to deliver a read-back.
  const pushes = [ring.push(x.storage, null), ring.push(x.storage, null)];
  assertEquals(received, 0);
  await Promise.all(pushes);
  const beforeThird = received;
  await ring.push(x.storage, null);
  assertEquals([beforeThird, received >= 1], [0, true]);
  await ring.drain();
  assertEquals(received, 3);
  ring.dispose();
  x.dispose();
});

Deno.test("ReadbackRing reads what was queued before, and a part of a buffer", async () => {
  const x = tensor(Float32Array.from({ length: 2048 }, (_, i) => i));
  const y = x.add(1);
  let found: number[] = [];
  const ring = new ReadbackRing<null>(gpu, 8, (values) => found = [...values]);
  const { buffer } = y.storage;
  await ring.push({ buffer, offset: 4096, size: 4096 }, null);
  y.zero_();
  await ring.drain();
  assertEquals(found, [1025, 1026]);
  ring.dispose();
  x.dispose();
});

Deno.test("ReadbackRing throws what its receiver throws when that is waited for", async () => {
  const x = tensor([1]);
  const ring = new ReadbackRing<number>(gpu, 4, (_, tag) => {
    if (tag === 1) throw new RangeError("step 1 is bad");
  }, 2);
  await ring.push(x.storage, 1);
  await assertRejects(() => ring.drain(), RangeError, "step 1 is bad");
  await ring.push(x.storage, 2);
  await ring.drain();
  ring.dispose();
  x.dispose();
});
