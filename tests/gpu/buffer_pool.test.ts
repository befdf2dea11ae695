import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  BUFFER_GRAIN,
  BufferPool,
  driverError,
  megabytes,
  sizeClass,
} from "../../src/gpu/buffer_pool.ts";
import { GpuError } from "../../src/gpu/gpu_error.ts";
import { device } from "../helpers.ts";

const gpu = await device();

function poolOf(limits: { limit?: number; maxTensor?: number } = {}) {
  const { limit = Infinity, maxTensor = 2 ** 27 } = limits;
  const account = { inUse: 0, peak: 0, allocated: 0, limit, maxTensor };
  const pool = new BufferPool(gpu.device, account, () => pool.trim());
  return { pool, account };
}

Deno.test("sizeClass() rounds up to whole grains and wastes an eighth at most", () => {
  assertEquals([sizeClass(1), sizeClass(4096), sizeClass(4097)], [4096, 4096, 8192]);
  for (let bytes = 1; bytes < 2 ** 30; bytes = Math.ceil(bytes * 1.07)) {
    const size = sizeClass(bytes);
    assert(size >= bytes && size % BUFFER_GRAIN === 0, `${bytes} becomes ${size}`);
    assert(size - bytes <= Math.max(BUFFER_GRAIN, bytes / 8), `${bytes} becomes ${size}`);
    assertEquals(sizeClass(size), size);
  }
});

Deno.test("BufferPool hands a released buffer out again", () => {
  const { pool, account } = poolOf();
  const first = pool.acquire(5000);
  assertEquals([account.inUse, account.allocated], [8192, 8192]);
  pool.release(first);
  assertEquals([account.inUse, account.allocated, account.peak], [0, 8192, 8192]);
  assertStrictEquals(pool.acquire(6000), first);
  assert(pool.acquire(6000) !== first);
  assertEquals([account.inUse, account.peak], [16384, 16384]);
});

Deno.test("BufferPool allocates nothing for the same sizes again", () => {
  const { pool, account } = poolOf();
  for (let step = 0; step < 100; step++) {
    const buffers = [100, 5000, 70_000, 5000].map((bytes) => pool.acquire(bytes));
    for (const buffer of buffers) pool.release(buffer);
  }
  assertEquals(account.allocated, 4096 + 8192 + 8192 + sizeClass(70_000));
});

Deno.test("BufferPool destroys waiting buffers before it refuses", () => {
  const { pool, account } = poolOf({ limit: 3 * 4096 });
  pool.release(pool.acquire(8192));
  pool.acquire(2 * 4096 + 1);
  assertEquals(account.allocated, 3 * 4096);
});

Deno.test("BufferPool gives up waiting buffers when more wait than was ever in use", () => {
  const created: number[] = [];
  const fake = {
    createBuffer: ({ size }: GPUBufferDescriptor) => {
      created.push(size);
      return { size, destroy: () => {} };
    },
  };
  const account = { inUse: 0, peak: 0, allocated: 0, limit: Infinity, maxTensor: 2 ** 30 };
  const asked: boolean[] = [];
  const pool: BufferPool = new BufferPool(fake as unknown as GPUDevice, account, (needed) => {
    asked.push(needed);
    pool.trim();
  });
  const size = 2 ** 27;
  const use = (bytes: number) => pool.release(pool.acquire(bytes));
  for (const parts of [1, 2, 3]) {
    use(parts * size);
    // The same sizes again cost nothing.
    use(parts * size);
  }
  assertEquals([asked, created.length, pool.idle], [[], 3, 6 * size]);
  const [first, second] = [pool.acquire(4 * size), pool.acquire(3 * size)];
  assertEquals([asked, account.allocated, pool.idle], [[false], 7 * size, 0]);
  pool.release(first);
  pool.release(second);
  pool.acquire(5 * size);
  // Seven waited, of seven that were in use at once.
  assertEquals([asked, account.allocated], [[false], 12 * size]);
});

Deno.test("BufferPool refuses to pass the memory limit", () => {
  const { pool, account } = poolOf({ limit: 2 ** 20 });
  pool.acquire(2 ** 19);
  const error = assertThrows(() => pool.acquire(2 ** 20), GpuError);
  assertEquals(
    error.message,
    "out of device memory: wanted 1.0 MB, in use 0.5 MB, waiting for reuse 0.0 MB, limit 1.0 MB",
  );
  assertEquals(error.kind, "out-of-memory");
  assertEquals([account.inUse, account.allocated], [2 ** 19, 2 ** 19]);
});

Deno.test("BufferPool refuses a tensor that cannot be bound", () => {
  const { pool, account } = poolOf({ maxTensor: 2 ** 21 });
  const error = assertThrows(() => pool.acquire(2 ** 21 + 4), GpuError);
  assertEquals(
    error.message,
    "a tensor of 2.0 MB is larger than the 2.0 MB that this adapter can bind at once",
  );
  assertEquals(account.allocated, 0);
});

Deno.test("BufferPool.dispose() destroys now what waits and later what is in use", () => {
  const { pool, account } = poolOf();
  const [waiting, used] = [pool.acquire(4096), pool.acquire(8192)];
  pool.release(waiting);
  pool.dispose();
  assertEquals([account.inUse, account.allocated], [8192, 8192]);
  pool.release(used);
  assertEquals([account.inUse, account.allocated], [0, 0]);
});

Deno.test("driverError() explains what is about memory and leaves other messages", () => {
  const account = { inUse: 2 ** 20, peak: 0, allocated: 2 ** 21, limit: Infinity, maxTensor: 0 };
  const other = driverError("a bad index", "GPUValidationError", account);
  assertEquals([other.message, other.kind], ["a bad index", "kernel"]);
  assertEquals(driverError("the device was lost", "", account).kind, "device-lost");
  for (const [message, kind] of [["x", "GPUOutOfMemoryError"], ["lost: Out of memory", ""]]) {
    const explained = driverError(message, kind, account);
    assertEquals(
      explained.message,
      `the device ran out of memory: in use 1.0 MB, waiting for reuse 1.0 MB (${message})`,
    );
    assertEquals(explained.kind, "out-of-memory");
  }
});

Deno.test("megabytes() writes one digit", () => {
  assertEquals([megabytes(3 * 2 ** 19), megabytes(Infinity)], ["1.5 MB", "unlimited"]);
});
