import { assertEquals, assertThrows } from "@std/assert";
import { partialL2 } from "../../../src/ops/losses/partial_l2.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { assertClose, device, procedural, values } from "../../helpers.ts";

await device();

/** The formula as the paper writes it: three cases. */
function expected(s: number, t: number, margin: number): { y: number; slope: number } {
  const wanted = t <= margin ? margin : t;
  const counts = t > 0 || s > wanted;
  return counts ? { y: (s - wanted) ** 2, slope: 2 * (s - wanted) } : { y: 0, slope: 0 };
}

Deno.test("partialL2() and its gradient are right in all cases, channels and sizes", async () => {
  for (const shape of [[2, 3, 5, 7], [1, 1, 1, 1], [3, 40, 4, 4], [2, 2, 33, 32]]) {
    const [s, t] = [values("s", shape), values("t", shape)];
    const margins = values("margin", [shape[1]], 0.4).map((value) => -Math.abs(value));
    const student = tensor(s, shape, { requiresGrad: true });
    const y = partialL2(student, tensor(t, shape), tensor(margins));
    const weights = values("weights", shape);
    y.backward({ gradient: tensor(weights, shape) });
    const area = shape[2] * shape[3];
    const cases = Array.from(s, (value, i) => {
      return expected(value, t[i], margins[Math.floor(i / area) % shape[1]]);
    });
    assertClose(await y.data(), cases.map((each) => each.y), 1e-6);
    const slopes = cases.map(({ slope }, i) => slope * weights[i]);
    assertClose(await student.grad!.data(), slopes, 1e-6);
  }
});

Deno.test("partialL2() asks for nothing between margin and zero, and passes NaN", async () => {
  const s = [-2, -0.3, 0.5, -2, 0.5, NaN];
  const t = [-1, -0.2, -0.2, 0.5, -1, -1];
  const y = partialL2(tensor(s, [1, 1, 1, 6]), tensor(t, [1, 1, 1, 6]), tensor([-0.25]));
  const found = await y.data();
  assertClose(found.slice(0, 5), [0, 0, 0.49, 6.25, 0.5625], 1e-6);
  assertEquals(found[5], NaN);
});

Deno.test("partialL2() refuses shapes that do not fit", () => {
  const x = procedural("x", [2, 3, 4, 4]);
  const margin = procedural("margin", [3]);
  const message = "partialL2() wants two tensors [N, C, H, W] and margins [C]; got ";
  for (
    const [other, least] of [[procedural("o", [2, 3, 4, 5]), margin], [x, procedural("m", [4])]]
  ) {
    assertThrows(() => partialL2(x, other, least), RangeError, message);
  }
  const flat = procedural("flat", [2, 3]);
  assertThrows(() => partialL2(flat, flat, margin), RangeError, message);
});
