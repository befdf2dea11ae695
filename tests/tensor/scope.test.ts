import { assertEquals, assertThrows } from "@std/assert";
import { tensor, zeros } from "../../src/tensor/create.ts";
import { endStep, scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { device } from "../helpers.ts";

const gpu = await device();

Deno.test("scope() returns the memory of everything made in it", () => {
  const x = tensor([1, 2, 3], null, { requiresGrad: true });
  endStep();
  const before = gpu.account.inUse;
  scope(() => {
    x.mul(2).add(tensor([1, 1, 1])).exp().sum();
    zeros([100_000]);
  });
  assertEquals(gpu.account.inUse, before);
});

Deno.test("scope() keeps what it returns, alone, in arrays and in objects", () => {
  const x = tensor([1]);
  assertEquals(scope(() => x.mul(2)).disposed, false);
  const [a, { b }] = scope(() => [x.mul(2), { b: [x.mul(3)] }] as const);
  assertEquals([a.disposed, b[0].disposed], [false, false]);
});

Deno.test("scope() hands what it returns to the scope around it", () => {
  const x = tensor([1]);
  let inner: Tensor | undefined;
  scope(() => {
    inner = scope(() => x.mul(2));
    assertEquals(inner.disposed, false);
  });
  assertEquals(inner!.disposed, true);
});

Deno.test("scope() leaves alone what was told to keep()", async () => {
  const x = tensor([1]);
  const kept = scope(() => {
    const y = x.mul(4).keep();
    return () => y;
  })();
  endStep();
  assertEquals(await kept.item(), 4);
});

Deno.test("scope() frees also after an error", () => {
  const x = tensor([1]);
  let inner: Tensor | undefined;
  assertThrows(
    () =>
      scope(() => {
        inner = x.mul(2);
        throw new Error("inside");
      }),
    Error,
    "inside",
  );
  assertEquals(inner!.disposed, true);
});

Deno.test("endStep() frees results of ops and nothing that was made from data", () => {
  const x = tensor([1, 2]);
  const [result, kept] = [x.mul(2), x.mul(3).keep()];
  endStep();
  assertEquals([x.disposed, result.disposed, kept.disposed], [false, true, false]);
});

Deno.test("endStep() does nothing inside of a scope", () => {
  const x = tensor([1]);
  scope(() => {
    const y = x.mul(2);
    endStep();
    assertEquals(y.disposed, false);
  });
});

Deno.test("a freed tensor says so when it is used", () => {
  const x = tensor([[1, 2]]);
  x.dispose();
  x.dispose();
  assertThrows(
    () => x.mul(2),
    Error,
    "a tensor of shape [1, 2] was used after it was freed; results are freed when their step",
  );
});

Deno.test("memory is returned with the last tensor that sees it", async () => {
  endStep();
  const before = gpu.account.inUse;
  const x = tensor([1, 2]);
  const view = x.reshape(2, 1);
  x.dispose();
  assertEquals([...await view.data()], [1, 2]);
  view.dispose();
  assertEquals(gpu.account.inUse, before);
});

Deno.test("data() reads what was there when it was called", async () => {
  const x = tensor([1, 2]);
  const y = x.mul(3);
  const reading = y.data();
  y.dispose();
  // Takes over the memory of y before the reading is through.
  const next = x.mul(100);
  assertEquals([...await reading], [3, 6]);
  assertEquals([...await next.data()], [100, 200]);
});
