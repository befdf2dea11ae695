import { crossEntropy } from "../../src/ops/softmax/cross_entropy.ts";
import { tensor } from "../../src/tensor/create.ts";
import { assertClose, device, labels, procedural } from "../helpers.ts";
import { caseNames, expectedGradient, lossCase } from "./reference.ts";

await device();

for (const name of caseNames("ce/")) {
  Deno.test(`crossEntropy() matches PyTorch on ${name}`, async () => {
    const { n, classes, student, labels: target, value } = lossCase(name);
    const x = procedural(student.split(" ")[0], [n, classes], 6, true);
    const loss = crossEntropy(x, tensor(labels(target, n, classes)));
    loss.backward();
    assertClose([await loss.item()], [value], 2e-6);
    assertClose(await x.grad!.data(), expectedGradient(name).data, 2e-6);
  });
}
