import { assertThrows } from "@std/assert";
import { kdLoss } from "../../src/losses/kd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { assertClose, checkGradients, device, procedural, values } from "../helpers.ts";
import { caseNames, expectedGradient, lossCase } from "./reference.ts";

await device();

for (const name of caseNames("kd/")) {
  Deno.test(`kdLoss() matches PyTorch on ${name}`, async () => {
    const { n, classes, temperature, student, teacher, value } = lossCase(name);
    const x = procedural(student.split(" ")[0], [n, classes], 6, true);
    const t = procedural(teacher.split(" ")[0], [n, classes], 6);
    const loss = kdLoss(x, t, { temperature });
    loss.backward();
    assertClose([await loss.item()], [value], 2e-6);
    assertClose(await x.grad!.data(), expectedGradient(name).data, 2e-6);
  });
}

Deno.test("kdLoss() has the gradient of finite differences on odd shapes", async () => {
  for (const shape of [[1, 2], [3, 33], [9, 129]]) {
    const teacher = tensor(values("teacher", shape, 2), shape);
    const input = { shape, data: values("student", shape, 2) };
    await checkGradients((x) => kdLoss(x, teacher, { temperature: 2 }), [input]);
  }
});

Deno.test("kdLoss() refuses what does not fit", () => {
  const x = tensor([[1, 2]]);
  assertThrows(() => kdLoss(x, tensor([[1, 2, 3]])), RangeError, "[1, 2] and [1, 3]");
  assertThrows(() => kdLoss(x, x, { temperature: -1 }), RangeError, "got -1");
});
