import { assert, assertThrows } from "@std/assert";
import { wkdLogitLoss, wkdLogitLossWithTargetSeparation } from "../../src/losses/wkd_logit.ts";
import { CostKernel } from "../../src/ops/sinkhorn/cost_kernel.ts";
import type { SinkhornMethod } from "../../src/ops/sinkhorn/sinkhorn.ts";
import { tensor } from "../../src/tensor/create.ts";
import { assertClose, device, labels, values } from "../helpers.ts";
import { caseNames, costMatrix, expectedGradient, lossCase } from "./reference.ts";

await device();

/** Value and gradient of a case of the reference figures. */
async function run(name: string, method?: SinkhornMethod, gammaOnDevice = false) {
  const c = lossCase(name);
  const shape = [c.n, c.classes];
  const input = (text: string) => values(text.split(" ")[0], shape, 6);
  const student = tensor(input(c.student), shape, { requiresGrad: true });
  const teacher = tensor(input(c.teacher), shape);
  const cost = new CostKernel(costMatrix(c), c.classes, {
    lambda: c.sinkhorn_lambda,
    sharpen: c.sharpen,
  });
  const options = { temperature: c.temperature, iterations: c.sinkhorn_iter, method };
  const gamma = gammaOnDevice ? tensor(c.gamma!) : c.gamma!;
  const loss = c.gamma === null
    ? wkdLogitLoss(student, teacher, cost, options)
    : wkdLogitLossWithTargetSeparation(
      student,
      teacher,
      tensor(labels(c.labels, c.n, c.classes)),
      cost,
      { ...options, gamma },
    );
  loss.backward();
  const result = { value: await loss.item(), gradient: await student.grad!.data() };
  student.grad!.dispose();
  cost.dispose();
  return result;
}

for (const name of caseNames("wkd_l/")) {
  const target = lossCase(name).gamma === null
    ? "wkdLogitLoss"
    : "wkdLogitLossWithTargetSeparation";
  Deno.test(`${target}() matches PyTorch on ${name}`, async () => {
    const { value, gradient } = await run(name);
    assertClose([value], [lossCase(name).value], 5e-6, "value:");
    assertClose(gradient, expectedGradient(name).data, 3e-5, "gradient:");
  });
}

for (const method of ["samples", "group", "product", "tiledProduct"] as const) {
  Deno.test(`wkdLogitLossWithTargetSeparation() matches PyTorch by ${method}`, async () => {
    for (const name of ["wkd_l/2/separated", "wkd_l/4/separated"]) {
      const { value, gradient } = await run(name, method);
      assertClose([value], [lossCase(name).value], 5e-6, `${name} value:`);
      assertClose(gradient, expectedGradient(name).data, 3e-5, `${name} gradient:`);
    }
  });
}

Deno.test("wkdLogitLossWithTargetSeparation() takes gamma from the device", async () => {
  const [fixed, given] = [
    await run("wkd_l/1/separated"),
    await run("wkd_l/1/separated", undefined, true),
  ];
  assert(fixed.value === given.value);
  assertClose(given.gradient, fixed.gradient, 0);
});

Deno.test("wkdLogitLoss() keeps to finite numbers when a probability underflows", async () => {
  const cost = new CostKernel(new Float32Array([0, 1, 1, 1, 0, 1, 1, 1, 0]), 3);
  const student = tensor([[900, 0, -900]], null, { requiresGrad: true });
  const loss = wkdLogitLoss(student, tensor([[-900, 0, 900]]), cost);
  loss.backward();
  assert(Number.isFinite(await loss.item()));
  assert((await student.grad!.data()).every(Number.isFinite));
});

Deno.test("wkdLogitLossWithTargetSeparation() refuses what does not fit", () => {
  const cost = new CostKernel(new Float32Array(9), 3);
  const logits = tensor([[1, 2, 3]]);
  const two = tensor([[1, 2]]);
  const label = tensor(Int32Array.of(0));
  const loss = wkdLogitLossWithTargetSeparation;
  assertThrows(() => loss(logits, two, label, cost), RangeError, "[1, 3] and [1, 2]");
  assertThrows(() => loss(two, two, label, cost), RangeError, "2 classes with a cost matrix of 3");
  assertThrows(() => loss(logits, logits, tensor([0]), cost), TypeError, "int32");
  assertThrows(() => loss(logits, logits, label, cost, { temperature: 0 }), RangeError, "got 0");
  assertThrows(() => loss(logits, logits, label, cost, { iterations: 0 }), RangeError, "got 0");
  const gamma = tensor([1, 2]);
  assertThrows(() => loss(logits, logits, label, cost, { gamma }), RangeError, "one element");
});
