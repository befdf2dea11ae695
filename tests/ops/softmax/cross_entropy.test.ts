import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { argmax } from "../../../src/ops/reduce/argmax.ts";
import { crossEntropy, type CrossEntropyOptions } from "../../../src/ops/softmax/cross_entropy.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { assertClose, device, labels, procedural, values } from "../../helpers.ts";

await device();

/** Losses and gradients (each sample's loss weighted by 1) in double precision. */
function reference(x: Float32Array, y: Int32Array, smoothing: number) {
  const [rows, classes] = [y.length, x.length / y.length];
  const losses = new Float64Array(rows);
  const gradient = new Float64Array(x.length);
  for (let n = 0; n < rows; n++) {
    const row = x.subarray(n * classes, (n + 1) * classes);
    const top = Math.max(...row);
    const total = row.reduce((sum, v) => sum + Math.exp(v - top), 0);
    row.forEach((v, c) => {
      const target = (c === y[n] ? 1 - smoothing : 0) + smoothing / classes;
      const logP = v - top - Math.log(total);
      losses[n] -= target * logP;
      gradient[n * classes + c] = Math.exp(logP) - target;
    });
  }
  return { losses, gradient };
}

Deno.test("crossEntropy() and its gradient are right for every reduction and smoothing", async () => {
  for (const [rows, classes] of [[1, 1], [5, 3], [70, 100], [3, 1000]]) {
    const x = values("x", [rows, classes], 6);
    const y = labels("y", rows, classes);
    for (const labelSmoothing of [0, 0.1]) {
      const { losses, gradient } = reference(x, y, labelSmoothing);
      const total = losses.reduce((a, b) => a + b, 0);
      for (const reduction of ["mean", "sum", "none"] as const) {
        const message = `${rows} x ${classes}, ${reduction}, ${labelSmoothing}:`;
        const logits = tensor(x, [rows, classes], { requiresGrad: true });
        const options = { labelSmoothing, reduction };
        const loss = crossEntropy(logits, tensor(y), options);
        const expected = reduction === "none"
          ? losses
          : [reduction === "sum" ? total : total / rows];
        assertClose(await loss.data(), expected, 1e-5, message);
        const shared = crossEntropy(logits, tensor(y), options, 64);
        assertClose(await shared.data(), expected, 1e-5, `64 threads a row, ${message}`);
        const weights = values("dy", loss.shape);
        loss.backward({ gradient: tensor(weights, loss.shape) });
        const scale = (n: number) =>
          reduction === "none" ? weights[n] : weights[0] / (reduction === "sum" ? 1 : rows);
        const dx = gradient.map((g, e) => g * scale(Math.floor(e / classes)));
        assertClose(await logits.grad!.data(), dx, 1e-5, `gradient of ${message}`);
      }
    }
  }
});

Deno.test("crossEntropy() has the values of PyTorch", async () => {
  // torch.nn.functional.cross_entropy(torch.tensor([[1., 2., 3.]]), torch.tensor([0])), and label_smoothing=0.1
  const [x, y] = [tensor([[1, 2, 3]]), tensor(Int32Array.of(0))];
  assertAlmostEquals(await crossEntropy(x, y).item(), 2.4076059, 1e-6);
  assertAlmostEquals(await crossEntropy(x, y, { labelSmoothing: 0.1 }).item(), 2.3076059, 1e-6);
});

Deno.test("crossEntropy() is safe for large logits", async () => {
  const x = tensor([[10_000, -10_000], [10_000, -10_000]]);
  const loss = crossEntropy(x, tensor(Int32Array.of(0, 1)), { reduction: "none" });
  assertEquals([...await loss.data()], [0, 20_000]);
});

Deno.test("crossEntropy() refuses a label out of range, ignored ones only where that is asked for", () => {
  const x = procedural("x", [2, 3]);
  for (const bad of [-1, 3, -100]) {
    const y = tensor(Int32Array.of(2, bad));
    assertThrows(
      () => crossEntropy(x, y),
      RangeError,
      `crossEntropy() of a label of ${bad}, element 1: 0 to 2 is wanted`,
    );
    crossEntropy(x, y, { ignoreIndex: bad });
  }
});

Deno.test("crossEntropy() of a label out of range from the device fails with the next read-back", async () => {
  const x = procedural("x", [2, 3], 1, true);
  const y = argmax(tensor([[0, 1, 2, 3], [0, 1, 0, 0]]), 1);
  const loss = crossEntropy(x, y, { reduction: "none" });
  loss.backward({ gradient: tensor([1, 1]) });
  await assertRejects(() => loss.data(), RangeError, "computed on the device, element 0");
  const dx = [...await x.grad!.data()];
  assertEquals(dx.map(Number.isNaN), [true, true, true, false, false, false]);
});

Deno.test("crossEntropy() is deterministic", async () => {
  const [x, y] = [procedural("x", [64, 10]), tensor(labels("y", 64, 10))];
  assertEquals(await crossEntropy(x, y).data(), await crossEntropy(x, y).data());
});

Deno.test("crossEntropy() refuses bad arguments", () => {
  const x = procedural("x", [2, 3]);
  const y = tensor(Int32Array.of(0, 1));
  const refuse = (options: CrossEntropyOptions) => () => crossEntropy(x, y, options);
  assertThrows(refuse({ labelSmoothing: 1.5 }), RangeError, "0 to 1 wanted");
  assertThrows(() => crossEntropy(x, tensor([0, 1])), TypeError, "int32, not float32");
  const misspelt = { labelSmooth: 0.1 } as CrossEntropyOptions;
  assertThrows(refuse(misspelt), TypeError, "has no option labelSmooth; it has labelSmoothing, ");
  assertThrows(refuse({ weight: tensor([1, 2]) }), RangeError, "one for each class");
  assertThrows(() => crossEntropy(x, tensor([[1, 0]])), RangeError, "one shape [N, C]");
  assertThrows(() => crossEntropy(x, tensor(Int32Array.of(0))), RangeError, "[N, C] and [N]");
  assertThrows(() => crossEntropy(y, y), TypeError, "float32");
});
