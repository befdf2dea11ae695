import { assertEquals, assertThrows } from "@std/assert";
import { SGD, type SGDOptions } from "../../src/optim/sgd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { endStep } from "../../src/tensor/scope.ts";
import type { Shape } from "../../src/tensor/shape.ts";

import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertClose, device, values } from "../helpers.ts";

const gpu = await device();

const SHAPES: readonly Shape[] = [[3], [1025], [1], [5, 7, 9], [2048]];

function parameters(shapes: readonly Shape[] = SHAPES): Tensor[] {
  return shapes.map((shape, i) => tensor(values(`w${i}`, shape), shape, { requiresGrad: true }));
}

/** Gradients of a step; the third parameter has none before the third step, the fourth never. */
function gradient(step: number, i: number, shape: Shape): Float32Array | null {
  if (i === 3 || (i === 2 && step < 2)) return null;
  return values(`g${step}.${i}`, shape);
}

/** `torch.optim.SGD` on numbers, one parameter after the other. */
class PlainSGD {
  readonly weights: Float64Array[];
  readonly #buffers: (Float64Array | null)[];

  constructor(weights: readonly Float32Array[], readonly options: SGDOptions) {
    this.weights = weights.map((w) => Float64Array.from(w));
    this.#buffers = weights.map(() => null);
  }

  step(lr: number, gradients: readonly (Float32Array | null)[]): void {
    const { momentum = 0, weightDecay = 0, nesterov = false } = this.options;
    this.weights.forEach((w, i) => {
      if (!gradients[i]) return;
      const g = Float64Array.from(gradients[i], (value, k) => value + weightDecay * w[k]);
      const before = this.#buffers[i];
      const m = this.#buffers[i] = before ? before.map((b, k) => momentum * b + g[k]) : g.slice();
      w.forEach((_, k) => w[k] -= lr * (nesterov ? g[k] + momentum * m[k] : m[k]));
    });
  }
}

const CASES: Record<string, SGDOptions> = {
  "plain": { lr: 0.1 },
  "weight decay": { lr: 0.1, weightDecay: 0.05 },
  "momentum": { lr: 0.1, momentum: 0.9 },
  "momentum and weight decay": { lr: 0.05, momentum: 0.9, weightDecay: 5e-4 },
  "Nesterov": { lr: 0.05, momentum: 0.9, weightDecay: 5e-4, nesterov: true },
};

for (const [name, options] of Object.entries(CASES)) {
  for (const room of [Infinity, 8192]) {
    const where = room === Infinity ? "one buffer" : "buffers of two blocks";
    Deno.test(`SGD follows torch's rule: ${name}, ${where}`, async () => {
      const owned = parameters();
      const plain = new PlainSGD(SHAPES.map((shape, i) => values(`w${i}`, shape)), options);
      const optimizer = withRoom(room, () => new SGD(owned, options));
      for (let step = 0; step < 5; step++) {
        const gradients = SHAPES.map((shape, i) => gradient(step, i, shape));
        const lr = options.lr / (step + 1);
        optimizer.setLr(lr);
        optimizer.zeroGrad();
        owned.forEach((w, i) => w.grad = gradients[i] && tensor(gradients[i], SHAPES[i]));
        optimizer.step();
        plain.step(lr, gradients);
      }
      for (const [i, w] of owned.entries()) assertClose(await w.data(), plain.weights[i], 5e-7);
      assertEquals(await owned[3].data(), values("w3", SHAPES[3]));
      optimizer.dispose();
      for (const w of owned) w.dispose();
    });
  }
}

function withRoom<T>(room: number, fn: () => T): T {
  const { maxTensor } = gpu.account;
  gpu.account.maxTensor = Math.min(room, maxTensor);
  try {
    return fn();
  } finally {
    gpu.account.maxTensor = maxTensor;
  }
}

Deno.test("SGD.step() replayed gives the bits of steps run one by one, also with another lr", async () => {
  const options = { lr: 0.1, momentum: 0.9, weightDecay: 1e-3, nesterov: true };
  const x = tensor(values("x", [1025]));
  const [stepped, replayed] = [parameters([[1025]]), parameters([[1025]])];
  const optimizers = [stepped, replayed].map((owned) => new SGD(owned, options));
  const run = (i: number) => {
    const w = [stepped, replayed][i][0];
    optimizers[i].zeroGrad();
    w.mul(w).mul(x).sum().backward();
    optimizers[i].step();
  };
  for (const lr of [0.1, 0.1, 0.01, 0.02]) {
    optimizers[0].setLr(lr);
    run(0);
  }
  const recording = await gpu.record(() => run(1));
  const before = gpu.account.allocated;
  for (const lr of [0.1, 0.01, 0.02]) {
    optimizers[1].setLr(lr);
    recording.replay();
  }
  assertEquals(optimizers[1].lr, 0.02);
  assertEquals(await replayed[0].data(), await stepped[0].data());
  assertEquals(gpu.account.allocated, before);
  recording.dispose();
  for (const optimizer of optimizers) optimizer.dispose();
  for (const w of [...stepped, ...replayed, x]) w.dispose();
});

Deno.test("SGD keeps memory level over steps and gives it all back", () => {
  endStep();
  const before = gpu.account.inUse;
  const [w] = parameters([[5000]]);
  const optimizer = new SGD([w], { lr: 0.1, momentum: 0.9 });
  const step = () => {
    optimizer.zeroGrad();
    w.mul(w).sum().backward();
    optimizer.step();
    return gpu.account.inUse;
  };
  const first = step();
  for (let k = 0; k < 10; k++) assertEquals(step(), first);
  optimizer.dispose();
  w.dispose();
  assertEquals(gpu.account.inUse, before);
});

Deno.test("SGD.dispose() leaves the parameters usable", async () => {
  const owned = parameters();
  const optimizer = new SGD(owned, { lr: 0.5 });
  owned[0].grad = tensor([2, 0, 0]);
  optimizer.step();
  const expected = values("w0", [3]);
  expected[0] -= 1;
  optimizer.dispose();
  // Takes freed memory, if the parameters' was freed too.
  const others = SHAPES.map(() => tensor(new Float32Array(8192).fill(9)));
  assertEquals(await owned[0].data(), expected);
  for (const [i, w] of owned.entries()) {
    if (i > 0) assertEquals(await w.data(), values(`w${i}`, SHAPES[i]));
  }
  for (const each of [...owned, ...others]) each.dispose();
});

Deno.test("SGD.gatherGradients() is where gradients may be changed before the update", async () => {
  const [w] = parameters([[3]]);
  const optimizer = new SGD([w], { lr: 1 });
  w.grad = tensor([1, 2, 3]);
  const gathered = optimizer.gatherGradients();
  assertEquals(gathered.length, 1);
  gathered[0].add_(gathered[0]);
  optimizer.step();
  const expected = values("w0", [3]).map((value, i) => value - 2 * (i + 1));
  assertEquals(await w.data(), expected);
  w.grad = tensor([0, 0, 0]);
  optimizer.step();
  assertEquals(await w.data(), expected);
  w.grad = tensor([5, 5, 5]);
  optimizer.gatherGradients();
  w.grad = tensor([7, 7, 7]);
  assertEquals((await optimizer.gatherGradients()[0].data()).slice(0, 3), Float32Array.of(5, 5, 5));
  optimizer.zeroGrad();
  w.grad = tensor([0, 0, 0]);
  optimizer.step();
  assertEquals(await w.data(), expected);
  optimizer.dispose();
  w.dispose();
});

Deno.test("SGD.stateDict() continues a run with loadStateDict()", async () => {
  const options = { lr: 0.1, momentum: 0.9 };
  const weights = async (restart: boolean) => {
    let owned = parameters();
    let optimizer = new SGD(owned, options);
    for (let step = 0; step < 4; step++) {
      if (restart && step === 2) {
        const entries = await Promise.all(
          [...optimizer.stateDict()].map(async ([name, state]) => {
            const data = await state.data() as Float32Array;
            return [name, { shape: state.shape, data }] as const;
          }),
        );
        const saved = await Promise.all(owned.map((w) => w.data()));
        optimizer.dispose();
        for (const w of owned) w.dispose();
        owned = saved.map((data, i) => tensor(data, SHAPES[i], { requiresGrad: true }));
        optimizer = new SGD(owned, options);
        optimizer.loadStateDict(new Map(entries));
      }
      owned.forEach((w, i) => w.grad = tensor(values(`g${step}.${i}`, SHAPES[i]), SHAPES[i]));
      optimizer.step();
      optimizer.zeroGrad();
    }
    const found = await Promise.all(owned.map((w) => w.data()));
    optimizer.dispose();
    for (const w of owned) w.dispose();
    return found;
  };
  assertEquals(await weights(true), await weights(false));
});

Deno.test("SGD refuses what does not fit", () => {
  assertThrows(() => new SGD([], { lr: 0.1 }), RangeError, "without parameters");
  const owned = parameters([[3], [1025]]);
  assertThrows(() => new SGD(owned, { lr: 0.1, nesterov: true }), RangeError, "above 0");
  for (const name of ["dampening", "maximize"]) {
    const options = { lr: 0.1, [name]: 0.5 };
    assertThrows(() => new SGD(owned, options), TypeError, `SGD() has no option ${name}; it has`);
  }
  assertThrows(() => new SGD([owned[0], owned[0]], { lr: 0.1 }), RangeError, "twice");
  const optimizer = new SGD(owned, { lr: 0.1 });
  const wrong = new Map([["momentum_buffer.0", { shape: [2], data: new Float32Array(2) }]]);
  assertThrows(() => optimizer.loadStateDict(wrong), RangeError, "[2], [3] wanted");
  assertThrows(() => optimizer.loadStateDict(new Map()), RangeError, "missing, [3] wanted");
  optimizer.dispose();
  for (const w of owned) w.dispose();
});
