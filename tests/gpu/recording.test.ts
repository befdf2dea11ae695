import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openDevice } from "../../src/gpu/adapter.ts";
import { GpuError } from "../../src/gpu/gpu_error.ts";
import { addInPlace } from "../../src/ops/elementwise/add_in_place.ts";
import { full, tensor } from "../../src/tensor/create.ts";
import { endStep } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { device } from "../helpers.ts";

const gpu = await device();

/** A step of gradient descent on |w - target|^2; the loss is kept. */
function descend(w: Tensor, target: Tensor): Tensor {
  const difference = w.sub(target);
  const loss = difference.mul(difference).sum().keep();
  loss.backward();
  addInPlace(w, w.grad!.mul(-0.25));
  w.grad!.dispose();
  w.grad = null;
  endStep();
  return loss;
}

Deno.test("Recording.replay() runs a training step again and again", async () => {
  const target = tensor([1, -2, 3]);
  const w = tensor([9, 6, -5], null, { requiresGrad: true });
  let loss: Tensor | undefined;
  const recording = await gpu.record(() => {
    loss = descend(w, target);
  });
  assertEquals([...await w.data()], [5, 2, -1]);
  assertEquals(await loss!.item(), 192);
  const before = { ...gpu.account };
  for (let k = 0; k < 20; k++) recording.replay();
  assertEquals((await w.data()).map(Math.round), Float32Array.of(1, -2, 3));
  assert(await loss!.item() < 1e-6);
  assertEquals({ ...gpu.account }, before);
  recording.dispose();
});

Deno.test("Recording.replay() gives the bits of the same steps run one by one", async () => {
  const target = tensor([1, -2, 3]);
  const start = () => tensor([0.3, 0.7, -0.1], null, { requiresGrad: true });
  const [stepped, replayed] = [start(), start()];
  for (let k = 0; k < 5; k++) descend(stepped, target).dispose();
  const recording = await gpu.record(() => descend(replayed, target));
  for (let k = 0; k < 4; k++) recording.replay();
  assertEquals(await replayed.data(), await stepped.data());
  recording.dispose();
});

Deno.test("Recording reads inputs anew and finds data from inside again", async () => {
  const x = tensor([1]);
  let y = x;
  const recording = await gpu.record(() => {
    y = x.add(tensor([100])).keep();
  });
  assertEquals(await y.item(), 101);
  x.copy_(Float32Array.of(7));
  // Would take the memory of the data from inside if that were free.
  const other = tensor([55]);
  recording.replay();
  assertEquals([await y.item(), await other.item()], [107, 55]);
  recording.dispose();
});

Deno.test("Recording holds memory that was freed while it was made", async () => {
  const early = tensor([3]);
  let y = early;
  const recording = await gpu.record(() => {
    y = early.mul(2).keep();
    early.dispose();
  });
  const later = tensor([50]);
  recording.replay();
  assertEquals([await y.item(), await later.item()], [6, 50]);
  recording.dispose();
});

Deno.test("Recording.dispose() returns its memory", async () => {
  endStep();
  const x = tensor([1, 2, 3]);
  const before = gpu.account.inUse;
  const recording = await gpu.record(() => {
    x.mul(tensor([1, 2, 3])).exp();
    endStep();
  });
  assert(gpu.account.inUse > before);
  recording.dispose();
  recording.dispose();
  assertEquals(gpu.account.inUse, before);
  endStep();
  assertThrows(() => recording.replay(), GpuError, "recording that was disposed");
});

Deno.test("Recording counts its dispatches and can time them", async () => {
  const x = tensor([1]);
  const recording = await gpu.record(() => {
    x.mul(2).add(1);
  });
  assertEquals(recording.dispatches, 2);
  const times = await recording.profile();
  if (gpu.device.features.has("timestamp-query")) {
    assertEquals(times.reduce((total, { dispatches }) => total + dispatches, 0), 2);
    assertEquals(times.map(({ name }) => name.replace(/\(.*/, "")).sort(), ["add", "mul"]);
    assert(times.every(({ milliseconds }) => milliseconds >= 0));
  }
  recording.dispose();
});

Deno.test("Gpu.record() passes errors on, runs nothing and can record again", async () => {
  const x = tensor([1]);
  endStep();
  const before = gpu.account.inUse;
  await assertRejects(
    () =>
      gpu.record(() => {
        addInPlace(x, x.mul(2));
        throw new Error("inside");
      }),
    Error,
    "inside",
  );
  endStep();
  assertEquals([await x.item(), gpu.account.inUse], [1, before]);
  const recording = await gpu.record(() => addInPlace(x, x.mul(2)));
  assertEquals(await x.item(), 3);
  recording.dispose();
});

Deno.test("Gpu.record() refuses an async function and records on", async () => {
  const x = tensor([1]);
  endStep();
  const before = gpu.account.inUse;
  const refused = gpu.record(async () => {
    addInPlace(x, x.mul(2));
    await Promise.resolve();
  });
  await assertRejects(() => refused, TypeError, "record() of an async function");
  endStep();
  assertEquals([await x.item(), gpu.account.inUse], [1, before]);
  (await gpu.record(() => addInPlace(x, x.mul(2)))).dispose();
  assertEquals(await x.item(), 3);
});

Deno.test("Recording.profile() frees what it measures with, also when it fails", async () => {
  const own = await openDevice();
  try {
    if (!own.device.features.has("timestamp-query")) return;
    const x = full([4], 1, { device: own });
    const recording = await own.record(() => {
      x.mul(2);
    });
    const made: object[] = [];
    const destroyed: object[] = [];
    const watch = <T extends { destroy(): void }>(resource: T): T => {
      made.push(resource);
      const destroy = resource.destroy.bind(resource);
      resource.destroy = () => {
        destroyed.push(resource);
        destroy();
      };
      return resource;
    };
    const { device } = own;
    const [createBuffer, createQuerySet] = [device.createBuffer, device.createQuerySet];
    device.createBuffer = (descriptor) => watch(createBuffer.call(device, descriptor));
    device.createQuerySet = (descriptor) => watch(createQuerySet.call(device, descriptor));
    for (const fail of [false, true]) {
      if (fail) {
        device.queue.submit = () => {
          throw new Error("no submission");
        };
        await assertRejects(() => recording.profile(), Error, "no submission");
      } else await recording.profile();
      assertEquals([made.length, destroyed.length], fail ? [6, 6] : [3, 3]);
    }
  } finally {
    own.destroy();
  }
});

Deno.test("Gpu.record() refuses another recording inside", async () => {
  let inner: Promise<unknown> | undefined;
  const recording = await gpu.record(() => {
    inner = gpu.record(() => {});
    inner.catch(() => {});
  });
  await assertRejects(() => inner!, GpuError, "record() inside record()");
  recording.dispose();
});
