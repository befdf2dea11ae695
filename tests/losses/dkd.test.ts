import { assertThrows } from "@std/assert";
import { dkdLoss } from "../../src/losses/dkd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { assertClose, checkGradients, device, labels, procedural, values } from "../helpers.ts";
import { caseNames, expectedGradient, lossCase } from "./reference.ts";

await device();

for (const name of caseNames("dkd/")) {
  Deno.test(`dkdLoss() matches PyTorch on ${name}`, async () => {
    const { n, classes, temperature, student, teacher, labels: y, value } = lossCase(name);
    const x = procedural(student.split(" ")[0], [n, classes], 6, true);
    const t = procedural(teacher.split(" ")[0], [n, classes], 6);
    const loss = dkdLoss(x, t, tensor(labels(y, n, classes)), { temperature, alpha: 1, beta: 8 });
    loss.backward();
    assertClose([await loss.item()], [value], 2e-6);
    assertClose(await x.grad!.data(), expectedGradient(name).data, 5e-6);
  });
}

Deno.test("dkdLoss() has the gradient of finite differences on odd shapes", async () => {
  for (const [n, classes] of [[1, 2], [3, 33], [9, 129]]) {
    const shape = [n, classes];
    const teacher = tensor(values("teacher", shape, 2), shape);
    const y = tensor(labels("y", n, classes));
    const input = { shape, data: values("student", shape, 2) };
    const options = { temperature: 2, alpha: 0.7, beta: 3 };
    await checkGradients((x) => dkdLoss(x, teacher, y, options), [input]);
  }
});

Deno.test("dkdLoss() stays exact where the label has nearly all of the mass", async () => {
  const [s, t] = [[14, 0, 1], [12, 1, 0]];
  const x = tensor([s], null, { requiresGrad: true });
  const options = { temperature: 1, alpha: 1, beta: 0 };
  const loss = dkdLoss(x, tensor([t]), tensor(Int32Array.of(0)), options);
  loss.backward();
  const rest = ([label, a, b]: number[]) => 1 / (1 + Math.exp(label) / (Math.exp(a) + Math.exp(b)));
  const [p, q] = [rest(s), rest(t)];
  const gap = p * (1 - p) * (q / (p + 1e-5) - (1 - q) / (1 - p + 1e-5));
  const among = 1 / (1 + Math.E);
  assertClose(await x.grad!.data(), [gap, -gap * among, -gap * (1 - among)], 1e-5);
});

Deno.test("dkdLoss() refuses what does not fit, also a label out of range", () => {
  const x = tensor([[1, 2]]);
  const y = tensor(Int32Array.of(1));
  assertThrows(() => dkdLoss(x, tensor([[1, 2, 3]]), y), RangeError, "[1, 2] and [1, 3]");
  assertThrows(() => dkdLoss(x, x, tensor([1])), TypeError, "labels of int32");
  assertThrows(
    () => dkdLoss(tensor([[1]]), tensor([[1]]), tensor(Int32Array.of(0))),
    RangeError,
    "two or more classes",
  );
  const beyond = tensor(Int32Array.of(2));
  assertThrows(() => dkdLoss(x, tensor([[2, 1]]), beyond), RangeError, "a label of 2");
});
