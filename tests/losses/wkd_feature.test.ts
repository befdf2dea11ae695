import { assertEquals, assertThrows } from "@std/assert";
import { wkdFeatureLoss } from "../../src/losses/wkd_feature.ts";
import { tensor } from "../../src/tensor/create.ts";
import { assertClose, checkGradients, device, procedural, values } from "../helpers.ts";
import { caseNames, everyNth, expectedGradient, lossCase } from "./reference.ts";

const gpu = await device();

for (const name of caseNames("wkd_f/")) {
  Deno.test(`wkdFeatureLoss() matches PyTorch on ${name}`, async () => {
    const { shape, grid, eps, student, teacher, mean_loss, cov_loss } = lossCase(name);
    const x = procedural(student.split(" ")[0], shape, 2, true);
    const t = procedural(teacher.split(" ")[0], shape, 2);
    const { meanLoss, covLoss } = wkdFeatureLoss(x, t, { grid, eps });
    meanLoss.mul(2).add(covLoss).backward();
    assertClose([await meanLoss.item()], [mean_loss], 2e-6, "mean loss:");
    assertClose([await covLoss.item()], [cov_loss], 2e-6, "covariance loss:");
    const { every, data } = expectedGradient(name);
    assertClose(everyNth(await x.grad!.data(), every), data, 1e-5, "gradient:");
  });
}

Deno.test("wkdFeatureLoss() has the gradient of finite differences on odd shapes", async () => {
  for (
    const [shape, grid] of [[[1, 1, 1, 2], 1], [[2, 3, 5, 7], 3], [[3, 2, 13, 11], 5]] as const
  ) {
    const teacher = tensor(values("odd teacher", shape, 1), shape);
    for (const part of ["meanLoss", "covLoss"] as const) {
      const input = { shape, data: values("odd student", shape, 1) };
      await checkGradients((x) => wkdFeatureLoss(x, teacher, { grid })[part], [input]);
    }
  }
});

Deno.test("wkdFeatureLoss() gives the same bits twice", async () => {
  const run = async () => {
    const x = procedural("bits", [5, 19, 7, 7], 1, true);
    const { meanLoss, covLoss } = wkdFeatureLoss(x, procedural("other", [5, 19, 7, 7]), {
      grid: 2,
    });
    meanLoss.add(covLoss).backward();
    return [await meanLoss.item(), await covLoss.item(), ...await x.grad!.data()];
  };
  assertEquals(await run(), await run());
});

Deno.test("wkdFeatureLoss() of constant planes has no gradient that is not finite", async () => {
  const x = tensor(new Float32Array(64).fill(1e4), [1, 4, 4, 4], { requiresGrad: true });
  const { meanLoss, covLoss } = wkdFeatureLoss(x, tensor(new Float32Array(64), [1, 4, 4, 4]));
  meanLoss.add(covLoss).backward();
  assertClose([await meanLoss.item(), await covLoss.item()], [4e8, 0], 1e-6);
  assertClose(await x.grad!.data(), new Float32Array(64).fill(2e4 / 16), 1e-6);
});

Deno.test("wkdFeatureLoss() refuses what does not fit", () => {
  const x = procedural("x", [1, 2, 4, 4]);
  const y = procedural("y", [1, 2, 4, 5]);
  assertThrows(() => wkdFeatureLoss(x, y), RangeError, "[1, 2, 4, 4] and [1, 2, 4, 5]");
  assertThrows(() => wkdFeatureLoss(x, x, { grid: 4 }), RangeError, "one element");
  assertThrows(() => wkdFeatureLoss(x, x, { grid: 0 }), RangeError, "got 0");
  assertThrows(() => wkdFeatureLoss(x, x, { eps: NaN }), RangeError, "got NaN");
});

Deno.test("wkdFeatureLoss() frees what the backward pass needed", () => {
  const x = procedural("x", [4, 32, 8, 8], 1, true);
  const t = procedural("t", [4, 32, 8, 8]);
  const before = gpu.account.inUse;
  const { meanLoss, covLoss } = wkdFeatureLoss(x, t);
  const total = meanLoss.add(covLoss);
  total.backward();
  for (const result of [meanLoss, covLoss, total, x.grad!]) result.dispose();
  x.grad = null;
  assertEquals(gpu.account.inUse, before);
});
