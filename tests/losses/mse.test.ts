import { assertThrows } from "@std/assert";
import { mseLoss } from "../../src/losses/mse.ts";
import { tensor } from "../../src/tensor/create.ts";
import { assertClose, device } from "../helpers.ts";

await device();

Deno.test("mseLoss() is the mean squared difference, with its gradient", async () => {
  const x = tensor([[1, 2], [3, -4]], null, { requiresGrad: true });
  const loss = mseLoss(x, tensor([[0, 2], [5, -1]]));
  loss.backward();
  assertClose([await loss.item()], [(1 + 4 + 9) / 4], 1e-6);
  assertClose(await x.grad!.data(), [0.5, 0, -1, -1.5], 1e-6);
  assertThrows(() => mseLoss(x, tensor([1, 2])), RangeError, "[2, 2] and [2]: one shape wanted");
});
