import { avgPool2d } from "../../../src/ops/pool/avg_pool2d.ts";
import { device } from "../../helpers.ts";
import { checkPool, checkPoolRefusals, POOL_CASES, windowsOf } from "./pool_cases.ts";

await device();

for (const countIncludePad of [true, false]) {
  const counted = countIncludePad ? "counted" : "left out";
  Deno.test(`avgPool2d() with the padding ${counted} is right, and its gradient`, async () => {
    for (const { shape, ...options } of POOL_CASES) {
      const { kernelSize, stride, padding } = options;
      const [vertical, horizontal] = [0, 1].map((d) =>
        windowsOf(shape[2 + d], kernelSize[d], stride[d], padding[d])
      );
      const op = (x: Parameters<typeof avgPool2d>[0]) =>
        avgPool2d(x, { ...options, countIncludePad });
      const whole = kernelSize[0] * kernelSize[1];
      await checkPool(op, shape, vertical, horizontal, (elements) => {
        return elements.map(() => 1 / (countIncludePad ? whole : elements.length));
      });
    }
  });
}

Deno.test("avgPool2d() refuses bad arguments", () => checkPoolRefusals(avgPool2d));
