import { assertEquals, assertThrows } from "@std/assert";
import { linear } from "../../../src/ops/matmul/linear.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { assertClose, device, procedural, values } from "../../helpers.ts";
import { hostMatrix, onDevice, times, transposed } from "./matmul_cases.ts";

await device();

Deno.test("linear() is x times weight transposed plus bias, with all gradients", async () => {
  for (const [rows, inputs, outputs] of [[1, 1, 1], [64, 64, 10], [7, 5, 3], [33, 300, 100]]) {
    const message = `${rows} x ${inputs} to ${outputs}:`;
    const x = hostMatrix("x", rows, inputs);
    const weight = hostMatrix("weight", outputs, inputs);
    const dy = hostMatrix("dy", rows, outputs);
    const bias = values("bias", [outputs]);
    const leaves = [onDevice(x, true), onDevice(weight, true)];
    const leaf = tensor(bias, null, { requiresGrad: true });
    const y = linear(leaves[0], leaves[1], leaf);
    const expected = times(x, transposed(weight)).data.map((v, e) => v + bias[e % outputs]);
    assertClose(await y.data(), expected, 1e-6, message);
    y.backward({ gradient: onDevice(dy) });
    assertClose(await leaves[0].grad!.data(), times(dy, weight).data, 1e-6, `dx ${message}`);
    const dw = times(transposed(dy), x).data;
    assertClose(await leaves[1].grad!.data(), dw, 1e-6, `dw ${message}`);
    const ones = { rows: 1, columns: rows, data: new Float32Array(rows).fill(1) };
    assertClose(await leaf.grad!.data(), times(ones, dy).data, 1e-5, `db ${message}`);
  }
});

Deno.test("linear() works on the last dimension, with and without bias", async () => {
  const x = procedural("x", [2, 3, 4], 1, true);
  const weight = procedural("weight", [5, 4], 1, true);
  const y = linear(x, weight);
  assertEquals(y.shape, [2, 3, 5]);
  y.backward({ gradient: procedural("dy", [2, 3, 5]) });
  assertEquals([x.grad!.shape, weight.grad!.shape], [[2, 3, 4], [5, 4]]);
  const flat = linear(tensor(values("x", [2, 3, 4]), [6, 4]), weight, null);
  assertEquals(await y.data(), await flat.data());
});

Deno.test("linear() refuses shapes that do not fit and integers", () => {
  const weight = procedural("weight", [5, 4]);
  assertThrows(() => linear(procedural("x", [3, 5]), weight), RangeError, "[..., in]");
  const x = procedural("x", [3, 4]);
  assertThrows(() => linear(x, weight, procedural("bias", [4])), RangeError, "[5] wanted");
  assertThrows(() => linear(tensor(Int32Array.of(1)), weight), TypeError, "int32");
});
