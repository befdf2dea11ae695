import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { clipGradNorm } from "../../src/optim/clip_grad_norm.ts";
import { GradScaler } from "../../src/optim/grad_scaler.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { endStep } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertClose, device, values } from "../helpers.ts";
import { every, parameters, REFERENCE, setGradients, SHAPES } from "./reference.ts";

const gpu = await device();

/** What a step with a learning rate of 1 takes off. */
async function moved(owned: readonly Tensor[]): Promise<number[][]> {
  return await Promise.all(owned.map(async (w, i) => {
    const start = values(`w${i}`, SHAPES[i]).filter((_, k) => k % 61 === 0);
    return (await every(w)).map((value, k) => start[k] - value);
  }));
}

for (const { maxNorm, norm, gradients } of REFERENCE.clip) {
  for (const room of [Infinity, 8192]) {
    const where = room === Infinity ? "" : ", over several buffers";
    Deno.test(`clipGradNorm() to ${maxNorm} is torch's${where}`, async () => {
      const owned = parameters();
      const { maxTensor } = gpu.account;
      gpu.account.maxTensor = Math.min(room, maxTensor);
      const optimizer = new SGD(owned, { lr: 1 });
      gpu.account.maxTensor = maxTensor;
      // Gradients of an earlier step are no part of the norm where a parameter has none now.
      owned[3].grad = tensor(values("old", SHAPES[3]), SHAPES[3]).keep();
      optimizer.gatherGradients();
      optimizer.zeroGrad();
      setGradients(owned, 2);
      const clip = await clipGradNorm(optimizer, maxNorm).data();
      assertAlmostEquals(clip[0], norm, 1e-6 * norm);
      assertAlmostEquals(clip[1], Math.min(1, maxNorm / norm), 1e-6 / norm);
      optimizer.step();
      for (const [i, found] of (await moved(owned)).entries()) {
        // The difference of weights near 1 is exact to 6e-8.
        const expected = gradients[i] ?? found.map(() => 0);
        found.forEach((value, k) => assertAlmostEquals(value, expected[k], 2e-7));
      }
      for (const each of [optimizer, ...owned]) each.dispose();
    });
  }
}

Deno.test(
  { name: "GradScaler.step() clips what is left without the scale", ignore: !gpu.half },
  async () => {
    const [scaled, plain] = [parameters(), parameters()];
    const optimizers = [scaled, plain].map((owned) => new SGD(owned, { lr: 1, weightDecay: 0.1 }));
    const scaler = new GradScaler(gpu, { initScale: 1024 });
    setGradients(scaled, 2, 1024);
    scaler.step(optimizers[0], 1);
    setGradients(plain, 2);
    clipGradNorm(optimizers[1], 1);
    optimizers[1].step();
    for (const [i, w] of scaled.entries()) assertEquals(await w.data(), await plain[i].data());
    // A bad gradient makes the norm infinite; the step is skipped as it is without clipping.
    setGradients(scaled, 2, Infinity);
    scaler.step(optimizers[0], 1);
    for (const [i, w] of scaled.entries()) assertEquals(await w.data(), await plain[i].data());
    assertEquals(await scaler.scaleFactor.item(), 512);
    for (const each of [...optimizers, ...scaled, ...plain, scaler]) each.dispose();
  },
);

Deno.test("clipGradNorm() refuses a norm that is not above 0, and keeps a NaN", async () => {
  const owned = parameters();
  const optimizer = new SGD(owned, { lr: 1 });
  for (const norm of [0, -1, NaN]) {
    assertThrows(() => clipGradNorm(optimizer, norm), RangeError, `a norm of ${norm}; above 0`);
  }
  owned[0].grad = tensor([NaN, 1, 1]).keep();
  const clip = await clipGradNorm(optimizer, 1).data();
  assertEquals([...clip].map(Number.isNaN), [true, true]);
  optimizer.zeroGrad();
  for (const each of [optimizer, ...owned]) each.dispose();
  endStep();
});

Deno.test("SGD.accumulateGradients() adds weighted gradients up until they are cleared", async () => {
  const owned = parameters();
  const optimizer = new SGD(owned, { lr: 1 });
  const weight = tensor([0.5]).keep();
  for (let time = 0; time < 2; time++) {
    for (const step of [2, 3]) {
      optimizer.zeroGrad();
      setGradients(owned, step);
      optimizer.accumulateGradients(weight);
    }
    const [gathered] = optimizer.gatherGradients();
    const [a, b] = [2, 3].map((step) => values(`g${step}.1`, SHAPES[1]));
    const found = (await gathered.data()).slice(1024, 1024 + 1025);
    assertClose(found, a.map((value, i) => 0.5 * value + 0.5 * b[i]), 1e-7);
    optimizer.step();
    optimizer.clearGradients();
  }
  assertEquals(await owned[3].data(), values("w3", SHAPES[3]));
  for (const each of [optimizer, weight, ...owned]) each.dispose();
});
