import { assertEquals, assertThrows } from "@std/assert";
import { contrastLoss } from "../../../src/ops/losses/contrast_loss.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { assertClose, checkGradients, device, labels, values } from "../../helpers.ts";

await device();

const TEMPERATURE = 0.5;

/** The loss in float64, and the normalisation constant that the scores give. */
function reference(v: Float32Array, memory: Float32Array, index: Int32Array, n: number, z: number) {
  const dim = v.length / n;
  const picks = index.length / n;
  const rows = memory.length / dim;
  const scores = Float64Array.from(index, (row, at) => {
    let product = 0;
    for (let d = 0; d < dim; d++) {
      product += memory[row * dim + d] * v[Math.floor(at / picks) * dim + d];
    }
    return Math.exp(product / TEMPERATURE);
  });
  const constant = z > 0 ? z : scores.reduce((a, b) => a + b) / scores.length * rows;
  const noise = (picks - 1) / rows;
  const loss = scores.reduce((sum, score, at) => {
    const p = score / constant;
    return sum - Math.log((at % picks === 0 ? p : noise) / (p + noise + 1e-7));
  }, 0);
  return { loss: loss / n, constant };
}

/** Samples, width, negatives and images of every case; the last is cut into several parts. */
const CASES = [[1, 1, 1, 3], [3, 6, 5, 11], [9, 8, 70, 40], [2, 12, 600, 50]];

Deno.test("contrastLoss() is right and sets its constant the first time only", async () => {
  for (const [n, dim, k, rows] of CASES) {
    const v = values("v", [n, dim]);
    const memory = values("memory", [rows, dim]);
    const index = labels("index", n * (k + 1), rows);
    const constants = tensor([-1, -1]);
    const options = {
      memory: tensor(memory, [rows, dim]),
      index: tensor(index, [n, k + 1]),
      constants,
      slot: 1,
      temperature: TEMPERATURE,
    };
    const first = reference(v, memory, index, n, -1);
    assertClose([await contrastLoss(tensor(v, [n, dim]), options).item()], [first.loss], 1e-5);
    assertClose(await constants.data(), [-1, first.constant], 1e-5);
    const other = values("other", [n, dim]);
    const second = reference(other, memory, index, n, first.constant);
    const x = tensor(other, [n, dim]);
    assertClose([await contrastLoss(x, options).item()], [second.loss], 1e-5);
    assertClose(await constants.data(), [-1, first.constant], 1e-5);
  }
});

Deno.test("contrastLoss() has the gradient of finite differences", async () => {
  for (const [n, dim, k, rows] of CASES) {
    const options = {
      memory: tensor(values("memory", [rows, dim]), [rows, dim]),
      index: tensor(labels("index", n * (k + 1), rows), [n, k + 1]),
      constants: tensor([rows]),
      slot: 0,
      temperature: TEMPERATURE,
    };
    const input = { shape: [n, dim], data: values("v", [n, dim]) };
    await checkGradients((v) => contrastLoss(v, options), [input], { tolerance: 2e-4 });
  }
});

Deno.test("contrastLoss() takes its gradient before the memory changes", async () => {
  const memory = tensor(values("memory", [5, 4]), [5, 4]);
  const options = {
    memory,
    index: tensor(Int32Array.of(1, 2, 3), [1, 3]),
    constants: tensor([5]),
    slot: 0,
    temperature: TEMPERATURE,
  };
  const gradients = [];
  for (const change of [false, true]) {
    const v = tensor([[1, 2, 3, 4]], null, { requiresGrad: true });
    const loss = contrastLoss(v, options);
    if (change) memory.zero_();
    loss.backward();
    gradients.push(await v.grad!.data());
  }
  assertEquals(gradients[1], gradients[0]);
});

Deno.test("contrastLoss() refuses shapes that do not fit", () => {
  const options = {
    memory: tensor(values("memory", [5, 4]), [5, 4]),
    index: tensor(Int32Array.of(1, 2, 3), [1, 3]),
    constants: tensor([5]),
    slot: 0,
    temperature: 1,
  };
  assertThrows(
    () => contrastLoss(tensor([[1, 2, 3]]), options),
    RangeError,
    "[1, 3] with a memory of [5, 4] and an index of [1, 3]",
  );
});
