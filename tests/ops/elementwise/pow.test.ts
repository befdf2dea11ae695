import { assertEquals } from "@std/assert";
import { pow } from "../../../src/ops/elementwise/pow.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { device } from "../../helpers.ts";
import { checkRefusesIntegers, checkUnary, checkUnaryGradient } from "./elementwise_cases.ts";

await device();

Deno.test("pow() multiplies whole exponents out, also of negative numbers", async () => {
  for (const exponent of [0, 1, 2, 3, 5]) {
    await checkUnary((x) => pow(x, exponent), (x) => x ** exponent, [-2, 2]);
  }
});

Deno.test("pow() inverts for negative whole exponents", async () => {
  for (const exponent of [-1, -2]) {
    await checkUnary((x) => pow(x, exponent), (x) => x ** exponent, [0.5, 2]);
  }
});

Deno.test("pow() takes fractional and large exponents", async () => {
  for (const exponent of [0.5, -0.5, 1.7, 20]) {
    await checkUnary((x) => pow(x, exponent), (x) => x ** exponent, [0.2, 2], 1e-5);
  }
  await checkUnary((x) => pow(x, 21), (x) => x ** 21, [-2, -0.5], 1e-5);
});

Deno.test("pow() follows JavaScript at zero and below", async () => {
  const x = [-4, 0, 4];
  assertEquals([...await pow(tensor(x), 0.5).data()], [NaN, 0, 2]);
  assertEquals((await pow(tensor(x), -1.5).data())[1], Infinity);
});

Deno.test("pow() has the gradient of its formula", async () => {
  for (const exponent of [2, 3, -1, 0.5]) {
    const slope = (x: number) => exponent * x ** (exponent - 1);
    await checkUnaryGradient((x) => pow(x, exponent), slope, [0.5, 2]);
  }
});

Deno.test("pow() has gradient 0 for exponent 0, also at 0", async () => {
  const x = tensor([0, 1], null, { requiresGrad: true });
  pow(x, 0).backward({ gradient: tensor([1, 1]) });
  assertEquals([...await x.grad!.data()], [0, 0]);
});

Deno.test("pow() refuses integers", () => checkRefusesIntegers((x) => pow(x, 2), "pow"));
