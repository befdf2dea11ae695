import { assertEquals, assertThrows } from "@std/assert";
import { indexSelect } from "../../../src/ops/indexing/index_select.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { checkGradients, device, EXACT_DIFFERENCES, values } from "../../helpers.ts";

await device();

const ORDER = [3, 0, 3, 1, 2];

Deno.test("indexSelect() takes entries of a dimension in the order of the index", async () => {
  for (const inner of [1, 5, 8]) {
    const x = values("x", [2, 4, inner]);
    const y = indexSelect(tensor(x, [2, 4, inner]), 1, tensor(Int32Array.from(ORDER)));
    const rows = [0, 4].flatMap((first) =>
      ORDER.map((n) => [...x.slice((first + n) * inner, (first + n + 1) * inner)])
    );
    assertEquals(y.shape, [2, 5, inner]);
    assertEquals([...await y.data()], rows.flat());
  }
});

Deno.test("indexSelect() takes integers and an index of uint32", async () => {
  const y = indexSelect(tensor(Int32Array.of(-5, 6)), -1, tensor(Uint32Array.of(1, 0)));
  assertEquals(await y.data(), Int32Array.of(6, -5));
});

Deno.test("indexSelect() has the gradient of central differences", async () => {
  const index = tensor(Int32Array.from(ORDER));
  const input = { shape: [2, 4, 3], data: values("x", [2, 4, 3]) };
  await checkGradients((x) => indexSelect(x, 1, index).pow(2), [input], {
    tolerance: EXACT_DIFFERENCES,
  });
});

Deno.test("indexSelect() refuses an index of floats or of more dimensions", () => {
  const x = tensor([1, 2]);
  assertThrows(() => indexSelect(x, 0, tensor([0])), TypeError);
  assertThrows(() => indexSelect(x, 0, tensor(Uint32Array.of(2))), RangeError, "an index of 2");
  assertThrows(() => indexSelect(x, 0, tensor(Int32Array.of(0), [1, 1])), RangeError, "[1, 1]");
});
