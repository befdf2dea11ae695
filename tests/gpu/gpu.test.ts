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

Deno.test("openDevice() gives llvmpipe two threads a core, unless somebody has said how many", async () => {
  const variable = "LP_NUM_THREADS";
  const before = Deno.env.get(variable);
  const after = async (said?: string) => {
    if (said === undefined) Deno.env.delete(variable);
    else Deno.env.set(variable, said);
    (await openDevice()).device.destroy();
    return Deno.env.get(variable);
  };
  try {
    assertEquals(await after(), String(2 * navigator.hardwareConcurrency));
    assertEquals(await after("1"), "1");
  } finally {
    if (before === undefined) Deno.env.delete(variable);
    else Deno.env.set(variable, before);
  }
});

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

Deno.test("Gpu.dispatch() takes tensors, and leaves out what is null or unknown", async () => {
  const [x, other] = [full([64], 2), full([64], 5)];
  const optional = new Kernel(
    "test_optional",
    SCALE.replace(
      "@compute",
      "//: if OTHER\n@group(0) @binding(2) var<storage> other: array<f32>;\n//: end\n@compute",
    )
      .replace("params.scale", "params.scale + ${OTHER ? VALUE : NOTHING}"),
  );
  const names = { VALUE: "other[id.x]", NOTHING: "0.0" };
  for (
    const [given, known] of [[other, true], [null, false], [undefined, false], [
      other,
      false,
    ]] as const
  ) {
    gpu.dispatch(optional, {
      bindings: { y: x, other: given },
      params: { scale: 1 },
      values: { OTHER: known, ...names },
      workgroups: [1],
    });
  }
  assertEquals((await x.data())[0], 12);
  assertThrows(
    () =>
      gpu.dispatch(optional, {
        bindings: { y: x, other: null },
        params: { scale: 1 },
        values: { OTHER: true, ...names },
        workgroups: [1],
      }),
    GpuError,
    'nothing is bound to "other"',
  );
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

Deno.test("Gpu.dispatch() refuses more workgroups than the adapter takes in any dimension", () => {
  const x = full([64], 1);
  const most = gpu.device.limits.maxComputeWorkgroupsPerDimension;
  for (
    const [workgroups, sizes] of [
      [[most + 1], `${most + 1} x 1 x 1`],
      [[1, most + 1], `1 x ${most + 1} x 1`],
      [[2, 3, most + 1], `2 x 3 x ${most + 1}`],
    ] as const
  ) {
    const error = assertThrows(
      () => gpu.dispatch(scale, { bindings: { y: x.storage }, params: { scale: 1 }, workgroups }),
      GpuError,
    );
    assertEquals(
      error.message,
      `kernel test_scale: ${sizes} workgroups, where this adapter takes ${most} in one dimension`,
    );
  }
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

Deno.test("Gpu.flush() names the file and line that do not compile", async () => {
  await withDevice(async (own) => {
    const x = full([4], 1, { device: own });
    const source = SCALE.replace("  y[", "//: if HALF\n  y[0] = f16(1);\n//: end\n  y[");
    const values = { bindings: { y: x.storage }, params: { scale: 1 }, workgroups: [1] as const };
    own.dispatch(new Kernel("test_broken", source.replace("id.x]", "nothing]")), {
      ...values,
      values: { HALF: false },
    });
    await assertRejects(
      () => own.flush(),
      GpuError,
      'does not compile (line 9 of its file: "y[nothing] *= params.scale;"): ',
    );
  });
  await withDevice(async (own) => {
    const x = full([4], 1, { device: own });
    const source = 'fn other() {}\n//: include "nan" T = "f32", U = "u32", B = "f32"\n' + SCALE;
    own.dispatch(new Kernel("test_broken", source), {
      bindings: { y: x.storage },
      params: { scale: 1 },
      workgroups: [1],
    });
    await assertRejects(() => own.flush(), GpuError, " of shared/nan.wgsl: ");
  });
});

Deno.test("Gpu tells kernels of one name apart, and knows a source again", async () => {
  const before = gpu.pipelines.progress("").total;
  const x = full([64], 1);
  const options = { bindings: { y: x.storage }, params: { scale: 3 }, workgroups: [1] as const };
  const sum = SCALE.replace("*=", "+= 2.0 *");
  gpu.dispatch(new Kernel("test_same", sum), options);
  gpu.dispatch(new Kernel("test_same", sum.replace("2.0", "5.0")), options);
  gpu.dispatch(new Kernel("test_other", sum), options);
  assertEquals((await x.data())[0], 28);
  assertEquals(gpu.pipelines.progress("").total - before, 2);
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
    const compiled: (string | null)[] = [];
    own.onCompile = ({ name }) => compiled.push(name);
    const tensors = [1, 2, 3].map((value) => full([64], value, { device: own }));
    const read = await Promise.all(tensors.map((x) => x.data()));
    assertEquals(read.map((values) => values[0]), [1, 2, 3]);
    assertEquals(compiled.filter((name) => name !== null), ["fill"]);
    // Nothing is left to compile, which is told as well.
    assertEquals(compiled.at(-1), null);
    assertEquals(own.pipelines.waiting.size, 0);
  });
});

Deno.test("Gpu does not compile again what was compiled on the spot", async () => {
  await withDevice(async (own) => {
    const compiled: (string | undefined)[] = [];
    const { device } = own;
    for (const name of ["createComputePipeline", "createComputePipelineAsync"] as const) {
      const original = device[name].bind(device) as (d: GPUComputePipelineDescriptor) => never;
      device[name] = (descriptor: GPUComputePipelineDescriptor) => {
        compiled.push(descriptor.label);
        return original(descriptor);
      };
    }
    const x = full([64], 2, { device: own });
    own.flushNow();
    assertEquals((await x.data())[0], 2);
    x.dispose();
    const y = full([64], 3, { device: own });
    assertEquals((await y.data())[0], 3);
    assertEquals(compiled, [compiled[0]]);
    assert(own.pipelines.progress("").done === 1);
  });
});

Deno.test("Gpu does not blame a kernel for another error while it is compiled", async () => {
  await withDevice(async (own) => {
    full([64], 1, { device: own });
    const flushing = own.flush();
    own.device.createBuffer({ size: 16, usage: 0 });
    const error = await assertRejects(async () => {
      await flushing;
      for (let k = 0; k < 10; k++) await own.finished();
    }, GpuError);
    assert(!error.message.includes("does not compile"), error.message);
  });
});

Deno.test("Gpu.read() frees its staging buffer, also when it fails", async () => {
  await withDevice(async (own) => {
    const x = full([4], 1, { device: own });
    await own.finished();
    const destroyed: boolean[] = [];
    const create = own.device.createBuffer.bind(own.device);
    own.device.createBuffer = (descriptor) => {
      const buffer = create(descriptor);
      const at = destroyed.push(false) - 1;
      const destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => {
        destroyed[at] = true;
        return destroy();
      };
      return buffer;
    };
    assertEquals((await x.data())[3], 1);
    assertEquals(destroyed, [true]);
    const broken = new Kernel("test_broken", SCALE.replace("id.x]", "nothing]"));
    const bindings = { y: x.storage };
    own.dispatch(broken, { bindings, params: { scale: 1 }, workgroups: [1] });
    const before = destroyed.length;
    await assertRejects(() => x.data(), GpuError, "does not compile");
    assertEquals(destroyed.slice(before), [true]);
  });
});

Deno.test("Gpu says what was in use when the driver ran out of memory", async () => {
  await withDevice(async (own) => {
    const kept = zeros([2 ** 18], { device: own });
    const error = new GPUOutOfMemoryError("Not enough memory left.");
    own.device.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error }));
    const thrown = await assertRejects(() => kept.data(), GpuError);
    assertEquals(
      thrown.message,
      "the device ran out of memory: in use 1.0 MB, waiting for reuse 0.0 MB (Not enough memory left.)",
    );
    assertEquals(thrown.kind, "out-of-memory");
    // What is freed after it must not hide it.
    own.trim();
    assertThrows(() => zeros([4], { device: own }).add(1) && own.flushNow(), GpuError);
  });
});

Deno.test("Gpu says that its device was lost, whichever of the device's answers comes first", async () => {
  await withDevice(async (own) => {
    const kept = zeros([2 ** 18], { device: own });
    const reading = kept.data();
    own.device.destroy();
    const thrown = await assertRejects(() => reading, GpuError, "lost");
    assertEquals(thrown.kind, "device-lost");
    await assertRejects(() => own.finished(), GpuError, "lost");
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
      "out of device memory: wanted 1.0 MB, in use 0.5 MB, waiting for reuse 0.0 MB, limit 1.0 MB",
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
  assertThrows(() => gpu.dryRun(() => Promise.resolve()), TypeError, "dryRun() of an async");
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
