import { assertAlmostEquals, assertEquals } from "@std/assert";
import { KD } from "../../src/distill/kd.ts";
import { classRelationLoss } from "../../src/losses/class_relation.ts";
import { createModel } from "../../src/models/registry.ts";
import { tensor } from "../../src/tensor/create.ts";
import { endStep } from "../../src/tensor/scope.ts";
import { checkGradients, device, labels, procedural, values } from "../helpers.ts";

await device();

function cosines(weight: Float32Array, dims: number): number[] {
  const classes = weight.length / dims;
  const row = (c: number) => [...weight.subarray(c * dims, (c + 1) * dims)];
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  return Array.from({ length: classes ** 2 }, (_, at) => {
    const [a, b] = [row(Math.floor(at / classes)), row(at % classes)];
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  });
}

Deno.test("classRelationLoss() sums the squared differences of the classes' cosines", async () => {
  const [s, t] = [values("student", [5, 3]), values("teacher", [5, 7])];
  const [a, b] = [cosines(s, 3), cosines(t, 7)];
  const expected = a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);
  const loss = classRelationLoss(procedural("student", [5, 3]), procedural("teacher", [5, 7]));
  assertAlmostEquals(await loss.item(), expected, 1e-5 * expected);
  endStep();
});

Deno.test("classRelationLoss() has the gradient of central differences", async () => {
  const teacher = procedural("teacher", [4, 6]);
  await checkGradients((student) => classRelationLoss(student, teacher), [{
    shape: [4, 3],
    data: values("student", [4, 3]),
  }], { step: 2 ** -5 });
});

Deno.test("KD adds loss_ir where it has a weight", async () => {
  const student = createModel("resnet8", { numClasses: 4, inChannels: 1 });
  const teacher = createModel("resnet8", { numClasses: 4, inChannels: 1 }).eval();
  const images = tensor(values("images", [2, 1, 8, 8]), [2, 1, 8, 8]);
  const target = tensor(labels("labels", 2, 4));
  const options = { temperature: 4, ceWeight: 0.1, kdWeight: 0.9 };
  const without = new KD(student, teacher, options).forwardTrain(images, target).losses;
  assertEquals(Object.keys(without), ["loss_ce", "loss_kd"]);
  const { losses } = new KD(student, teacher, { ...options, irWeight: 0.5 })
    .forwardTrain(images, target);
  assertEquals(Object.keys(losses), ["loss_ce", "loss_kd", "loss_ir"]);
  const [a, b] = await Promise.all(
    [student, teacher].map(async ({ classifier }) =>
      cosines(await classifier.weight.data() as Float32Array, 64)
    ),
  );
  const expected = 0.5 * a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);
  assertAlmostEquals(await losses.loss_ir.item(), expected, 1e-5);
  endStep();
  for (const each of [student, teacher, images, target]) each.dispose();
});
