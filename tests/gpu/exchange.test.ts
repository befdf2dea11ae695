import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { GpuError } from "../../src/gpu/gpu_error.ts";
import { tensor } from "../../src/tensor/create.ts";
import { device } from "../helpers.ts";

const gpu = await device();

Deno.test("Gpu.exchange() hands numbers to the host in the middle of a recording, in order, each time", async () => {
  const [x, one] = [tensor([1, 2]).keep(), tensor([1, 1]).keep()];
  const [early, late] = [tensor([0, 0]).keep(), tensor([0, 0]).keep()];
  const seen: number[][] = [];
  const see = (times: number) => async (values: Float32Array) => {
    seen.push([...values]);
    // Commands behind it wait, whatever this waits for.
    await new Promise((resolve) => setTimeout(resolve, 5));
    values.forEach((value, i) => values[i] = times * value);
  };
  const recording = await gpu.record(() => {
    x.add_(one);
    gpu.copy(x.storage, early.storage);
    // Nothing waits for this one but the end.
    gpu.exchange({ ...place(early), size: 8 }, see(2), { wait: false });
    gpu.exchange({ ...place(x), size: 8 }, see(10));
    x.add_(one);
    gpu.copy(x.storage, late.storage);
    gpu.exchange({ ...place(late), size: 8 }, see(0), { back: false });
  });
  assertEquals(recording.exchanges, 3);
  assertEquals(seen, [[2, 3], [2, 3], [21, 31]]);
  assertEquals([...await early.data()], [4, 6]);
  assertEquals([...await late.data()], [21, 31]);
  await recording.replayExchanging();
  assertEquals(seen.slice(3), [[22, 32], [22, 32], [221, 321]]);
  assertEquals([...await early.data()], [44, 64]);
  assertThrows(() => recording.replay(), GpuError, "with exchanges");
  recording.dispose();
  await assertRejects(() => recording.replayExchanging(), GpuError, "disposed");
  for (const each of [x, one, early, late]) each.dispose();
});

Deno.test("Gpu.exchange() ends a recording with the error of who sees the numbers", async () => {
  const x = tensor([1]).keep();
  const fail = () => Promise.reject(new Error("rank 1 is gone"));
  const recorded = gpu.record(() => gpu.exchange({ ...place(x), size: 4 }, fail));
  await assertRejects(() => recorded, Error, "rank 1 is gone");
  assertThrows(() => gpu.exchange({ ...place(x), size: 4 }, fail), GpuError, "outside");
  x.dispose();
});

function place({ storage: { buffer, offset } }: ReturnType<typeof tensor>) {
  return { buffer, offset };
}
