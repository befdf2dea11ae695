import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openDevice } from "../../src/gpu/adapter.ts";
import type { Gpu } from "../../src/gpu/gpu.ts";
import { GpuError } from "../../src/gpu/gpu_error.ts";
import { Kernel } from "../../src/gpu/kernel.ts";
import { full, tensor, zeros } from "../../src/tensor/create.ts";
import { endStep } from "../../src/tensor/scope.ts";
import { device } from "../helpers.ts";

const gpu = await device();

const SCALE = `
struct Params { scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  y[id.x] *= params.scale;
}`;
const scale = new Kernel("test_scale", SCALE);

async function withDevice(
  fn: (gpu: Gpu) => Promise<void>,
  memoryLimit?: number,
): Promise<void> {
  const own = await openDevice({ memoryLimit });
  try {
    await fn(own);
  } finally {
    own.destroy();
  }
}

Deno.test("Gpu.dispatch() runs kernels in order, with parameters by name", async () => {
  const x = full([64], 1);
  for (const factor of [2, 3, -0.5]) {
    gpu.dispatch(scale, {
      bindings: { y: x.storage },
      params: { scale: factor },
      workgroups: [1],
    });
  }
  assertEquals((await x.data())[63], -3);
});

Deno.test("Gpu.dispatch() names the binding or parameter that is missing", () => {
  const x = full([64], 1);
  assertThrows(
    () => gpu.dispatch(scale, { bindings: {}, params: { scale: 1 }, workgroups: [1] }),
    GpuError,
    'kernel test_scale: nothing is bound to "y"',
  );
  assertThrows(
    () => gpu.dispatch(scale, { bindings: { y: x.storage }, workgroups: [1] }),
    GpuError,
    'kernel test_scale: parameter "scale" is missing',
  );
});

Deno.test("Gpu.flush() names a kernel that does not compile, then and ever after", async () => {
  await withDevice(async (own) => {
    const x = full([4], 1, { device: own });
    const broken = new Kernel("test_broken", SCALE.replace("id.x]", "nothing]"));
    const options = { bindings: { y: x.storage }, params: { scale: 1 }, workgroups: [1] as const };
    own.dispatch(broken, options);
    const error = await assertRejects(() => own.flush(), GpuError, "kernel test_broken does not");
    assert(error.message.includes("nothing"), error.message);
    await assertRejects(() => x.data(), GpuError, "kernel test_broken does not compile");
  });
});

Deno.test("Gpu.flushNow() fails the run for a kernel that does not compile", async () => {
  await withDevice(async (own) => {
    const x = full([4], 1, { device: own });
    const broken = new Kernel("test_broken", SCALE.replace("id.x]", "nothing]"));
    own.dispatch(broken, {
      bindings: { y: x.storage },
      params: { scale: 1 },
      workgroups: [1],
    });
    await assertRejects(
      async () => {
        own.flushNow();
        await own.finished();
      },
      GpuError,
      "test_broken",
    );
  });
});

Deno.test("Gpu compiles a kernel once however many wait for it", async () => {
  await withDevice(async (own) => {
    const compiled: string[] = [];
    own.onCompile = ({ name }) => compiled.push(name);
    const tensors = [1, 2, 3].map((value) => full([64], value, { device: own }));
    const read = await Promise.all(tensors.map((x) => x.data()));
    assertEquals(read.map((values) => values[0]), [1, 2, 3]);
    assertEquals(compiled, ["fill"]);
    assertEquals(own.pipelines.waiting.size, 0);
  });
});

Deno.test("Gpu turns a validation error into the failure of what comes next", async () => {
  await withDevice(async (own) => {
    own.device.createBuffer({ size: 16, usage: 0 });
    await assertRejects(async () => {
      for (let k = 0; k < 10; k++) await own.finished();
    }, GpuError);
  });
});

Deno.test("Gpu refuses to pass its memory limit and works on", async () => {
  await withDevice(async (own) => {
    const kept = zeros([2 ** 17], { device: own });
    assertThrows(
      () => zeros([2 ** 18], { device: own }),
      GpuError,
      "out of device memory: wanted 1.0 MB, in use 0.5 MB, limit 1.0 MB",
    );
    kept.dispose();
    const x = full([2 ** 18], 4, { device: own });
    assertEquals((await x.data())[2 ** 18 - 1], 4);
  }, 2 ** 20);
});

Deno.test("Gpu refuses tensors past the binding limit of the adapter", () => {
  const elements = gpu.account.maxTensor / 4;
  const error = assertThrows(() => zeros([elements + 1]), GpuError);
  assert(/larger than the [\d.]+ MB that this adapter can bind at once/.test(error.message));
});

Deno.test("Gpu.dryRun() gives shapes, and neither runs, uploads nor compiles", async () => {
  const x = full([64], 1);
  await gpu.finished();
  const before = gpu.pipelines.progress("").total;
  const unknown = new Kernel("test_dry", SCALE.replace("*=", "+="));
  const dispatch = {
    bindings: { y: x.storage },
    params: { scale: 2 },
    workgroups: [1] as [number],
  };
  const shape = gpu.dryRun(() => {
    x.copy_(new Float32Array(64).fill(5));
    gpu.dispatch(unknown, dispatch);
    return x.add(1).reshape(8, 8).sum({ dims: 0 }).shape;
  });
  assertEquals(shape, [8]);
  assertEquals(gpu.pipelines.progress("").total, before);
  assertEquals((await x.data())[0], 1);
  assertThrows(() =>
    gpu.dryRun(() => {
      throw new RangeError("stop");
    }), RangeError);
  gpu.dispatch(unknown, dispatch);
  assertEquals((await x.data())[0], 3);
});

Deno.test("Gpu.upload() comes after what was queued before", async () => {
  const x = tensor([1, 2]);
  const y = x.mul(2);
  x.copy_(Float32Array.of(10, 20));
  const z = x.mul(2);
  assertEquals([...await y.data(), ...await z.data()], [2, 4, 20, 40]);
});

Deno.test("Gpu allocates nothing after the first of equal steps", async () => {
  const x = tensor(new Float32Array(5000));
  const step = () => {
    x.mul(2).add(1).exp();
    endStep();
  };
  step();
  await gpu.finished();
  const { allocated, inUse } = gpu.account;
  for (let k = 0; k < 300; k++) step();
  await gpu.finished();
  assertEquals([gpu.account.allocated, gpu.account.inUse], [allocated, inUse]);
});
