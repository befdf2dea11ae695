import { assertEquals, assertThrows } from "@std/assert";
import { softmaxRows } from "../../../src/ops/softmax/softmax_rows.ts";
import { tensor } from "../../../src/tensor/create.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { assertClose, values } from "../../helpers.ts";
import { targets } from "../reduce/reduce_cases.ts";

const CASES: readonly { shape: Shape; dim: number }[] = [
  { shape: [1], dim: 0 },
  { shape: [5], dim: 0 },
  { shape: [3, 10], dim: 1 },
  { shape: [70, 100], dim: -1 },
  { shape: [2, 301], dim: 1 },
  { shape: [7, 3], dim: 0 },
  { shape: [2, 5, 8], dim: 1 },
  { shape: [2, 5, 3], dim: -2 },
];

/** Checks the soft-max or its logarithm, and the gradient, with every kernel. */
export async function checkSoftmax(logarithm: boolean): Promise<void> {
  for (const { shape, dim } of CASES) {
    const data = values("x", shape, 5);
    const to = targets(shape, dim);
    const total: number[] = [];
    data.forEach((v, e) => total[to[e]] = (total[to[e]] ?? 0) + Math.exp(v));
    const p = Float64Array.from(data, (v, e) => Math.exp(v) / total[to[e]]);
    const dy = values("dy", shape);
    const dot: number[] = [];
    dy.forEach((d, e) => dot[to[e]] = (dot[to[e]] ?? 0) + (logarithm ? d : d * p[e]));
    const dx = dy.map((d, e) => logarithm ? d - p[e] * dot[to[e]] : p[e] * (d - dot[to[e]]));
    const last = dim === -1 || dim === shape.length - 1;
    for (const variant of last ? ["thread", "tree"] as const : ["thread"] as const) {
      const x = tensor(data, shape, { requiresGrad: true });
      const y = softmaxRows(x, dim, logarithm, variant);
      const message = `${shape} along ${dim}, ${variant}:`;
      assertClose(await y.data(), logarithm ? p.map(Math.log) : p, 1e-5, message);
      y.backward({ gradient: tensor(dy, shape) });
      assertClose(await x.grad!.data(), dx, 1e-5, `gradient of ${message}`);
    }
  }
}

/** Checks what happens with large logits, bad arguments and twice the same input. */
export async function checkSoftmaxRules(logarithm: boolean): Promise<void> {
  const op = (x: Parameters<typeof softmaxRows>[0], dim: number) => softmaxRows(x, dim, logarithm);
  const y = await op(tensor([1000, 1000, -1000, -Infinity]), 0).data();
  assertClose(y.slice(0, 2), logarithm ? [-Math.LN2, -Math.LN2] : [0.5, 0.5], 1e-6);
  assertEquals([...y.slice(2)].map((v) => Math.round(v)), logarithm ? [-2001, -Infinity] : [0, 0]);
  assertThrows(() => op(tensor([1, 2]), 1), RangeError, "out of range");
  assertThrows(() => op(tensor(Int32Array.of(1, 2)), 0), TypeError, "int32");
  const x = tensor(values("twice", [9, 33]), [9, 33]);
  assertEquals(await op(x, 1).data(), await op(x, 1).data());
}
