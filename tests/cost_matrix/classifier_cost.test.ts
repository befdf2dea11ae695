import { classifierCost } from "../../src/cost_matrix/classifier_cost.ts";
import { assertClose } from "../helpers.ts";

Deno.test("classifierCost() is one minus the cosine of every two rows, zero rows like none", () => {
  const cost = classifierCost(Float32Array.of(1, 0, 0, 2, 3, 3, 0, 0), 4);
  const half = 1 - Math.SQRT1_2;
  const expected = [0, 1, half, 1, 1, 0, half, 1, half, half, 0, 1, 1, 1, 1, 1];
  assertClose(cost, expected, 1e-6);
});
