import { assertEquals } from "@std/assert";
import { BatchNorm2d } from "../../src/nn/batch_norm2d.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { assertClose, device, values } from "../helpers.ts";

const gpu = await device();
const SHAPE = [2, 3, 2, 5];
const x = tensor(values("x", SHAPE), SHAPE);

const tracked = (norm: BatchNorm2d) => norm.stateDict().get("num_batches_tracked")!.item();

Deno.test("BatchNorm2d counts training batches, not those of evaluation", async () => {
  const norm = new BatchNorm2d(3);
  norm.forward(x);
  norm.forward(x);
  norm.eval().forward(x);
  assertEquals(await tracked(norm), 2);
  norm.dispose();
});

Deno.test("BatchNorm2d counts each forward of a recorded step, and of its replays", async () => {
  for (const forwards of [1, 2]) {
    const norm = new BatchNorm2d(3);
    for (let time = 0; time < 2; time++) {
      const recording = await gpu.record(() => {
        for (let k = 0; k < forwards; k++) norm.forward(x);
      });
      for (let k = 0; k < 4; k++) recording.replay();
      recording.dispose();
    }
    assertEquals(await tracked(norm), 10 * forwards);
    norm.dispose();
  }
});

Deno.test("BatchNorm2d counts nothing in a recorded step where it is frozen in eval mode", async () => {
  const norm = new BatchNorm2d(3).eval();
  const recording = await gpu.record(() => norm.forward(x));
  recording.replay();
  assertEquals(await tracked(norm), 0);
  recording.dispose();
  norm.dispose();
});

Deno.test("BatchNorm2d goes on counting from a loaded state", async () => {
  const norm = new BatchNorm2d(3);
  const state = new Map([...norm.stateDict()].map(([name, { shape }]) => {
    const data = name === "num_batches_tracked" ? Int32Array.of(7) : values(name, shape);
    return [name, { shape, data }];
  }));
  norm.loadStateDict(state);
  norm.forward(x);
  assertEquals(await tracked(norm), 8);
  norm.dispose();
});

Deno.test("BatchNorm2d.forward() adds a residual before ReLU", async () => {
  const norm = new BatchNorm2d(3).eval();
  const residual = tensor(values("residual", SHAPE), SHAPE);
  const y = noGrad(() => norm.forward(x, { relu: true, residual }));
  const factor = 1 / Math.sqrt(1 + 1e-5);
  const [a, b] = [values("x", SHAPE), values("residual", SHAPE)];
  assertClose(await y.data(), a.map((value, i) => Math.max(0, value * factor + b[i])), 1e-6);
  norm.dispose();
});
