import { memoryUpdate } from "../../../src/ops/losses/memory_update.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { assertClose, device, values } from "../../helpers.ts";

await device();

Deno.test("memoryUpdate() moves rows to unit vectors, of the same rows to the last", async () => {
  for (const dim of [1, 6, 130]) {
    const [before, v] = [values("memory", [4, dim]), values("v", [3, dim])];
    const memory = tensor(before, [4, dim]);
    memoryUpdate(memory, tensor(Int32Array.of(2, 0, 2)), tensor(v, [3, dim]), 0.25);
    const expected = Float64Array.from(before);
    for (const [row, sample] of [[0, 1], [2, 2]]) {
      const moved = Array.from({ length: dim }, (_, d) => {
        return 0.25 * before[row * dim + d] + 0.75 * v[sample * dim + d];
      });
      const length = Math.hypot(...moved);
      moved.forEach((value, d) => expected[row * dim + d] = value / length);
    }
    assertClose(await memory.data(), expected, 1e-6);
  }
});
