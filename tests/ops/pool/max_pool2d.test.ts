import { assertEquals } from "@std/assert";
import { maxPool2d } from "../../../src/ops/pool/max_pool2d.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { device, procedural } from "../../helpers.ts";
import { checkPool, checkPoolRefusals, POOL_CASES, windowsOf } from "./pool_cases.ts";

await device();

Deno.test("maxPool2d() takes the largest of every window; it gets the gradient", async () => {
  for (const { shape, ...options } of POOL_CASES) {
    const [vertical, horizontal] = [0, 1].map((d) =>
      windowsOf(shape[2 + d], options.kernelSize[d], options.stride[d], options.padding[d])
    );
    await checkPool((x) => maxPool2d(x, options), shape, vertical, horizontal, (elements) => {
      const first = elements.indexOf(Math.max(...elements));
      return elements.map((_, i) => i === first ? 1 : 0);
    });
  }
});

Deno.test("maxPool2d() gives the gradient to the first of equals", async () => {
  const x = tensor([[[[1, 1], [1, 1]]]], null, { requiresGrad: true });
  maxPool2d(x, { kernelSize: 2 }).backward({ gradient: tensor([[[[2]]]]) });
  assertEquals([...await x.grad!.data()], [2, 0, 0, 0]);
});

Deno.test("maxPool2d() of negative numbers does not see the padding", async () => {
  const y = maxPool2d(tensor([[[[-3, -1], [-2, -4]]]]), { kernelSize: 2, stride: 1, padding: 1 });
  assertEquals([...await y.data()], [-3, -1, -1, -2, -1, -1, -2, -2, -4]);
});

Deno.test("maxPool2d() strides by the window when no stride is given", () => {
  assertEquals(maxPool2d(procedural("x", [1, 2, 9, 6]), { kernelSize: 3 }).shape, [1, 2, 3, 2]);
});

Deno.test("maxPool2d() refuses bad arguments", () => checkPoolRefusals(maxPool2d));
