import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { gather } from "../../src/ops/indexing/gather.ts";
import { gradEnabled, noGrad, track, trackMany } from "../../src/tensor/autograd.ts";
import { full, ones, tensor } from "../../src/tensor/create.ts";
import { endStep, scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { device } from "../helpers.ts";

const gpu = await device();

const leaf = (...data: number[]) => tensor(data, null, { requiresGrad: true });
const numbers = async (x: Tensor | null) => [...await x!.data()];

Deno.test("backward() adds to .grad at every call", async () => {
  const x = leaf(2, 3);
  x.mul(x).sum().backward();
  assertEquals(await numbers(x.grad), [4, 6]);
  x.mul(10).sum().backward();
  assertEquals(await numbers(x.grad), [14, 16]);
});

Deno.test("backward() sums over all uses of a shared result", async () => {
  const x = leaf(3);
  const shared = x.mul(x);
  const y = shared.mul(2).add(shared.mul(shared));
  y.backward();
  // y = 2 x^2 + x^4
  assertEquals(await numbers(x.grad), [4 * 3 + 4 * 27]);
});

Deno.test("backward() passes one gradient to both sides of a tensor added to itself", async () => {
  const x = leaf(1, 2);
  x.add(x).add(x).backward({ gradient: tensor([1, 10]) });
  assertEquals(await numbers(x.grad), [3, 30]);
});

Deno.test("backward() gives leaves memory of their own", async () => {
  const [a, b] = [leaf(1), leaf(2)];
  const gradient = tensor([1]);
  a.add(b).backward({ gradient });
  a.grad!.add_(tensor([5]));
  assertEquals(await numbers(a.grad), [6]);
  assertEquals(await numbers(b.grad), [1]);
  assertEquals(await numbers(gradient), [1]);
});

Deno.test("backward() of a leaf is its own gradient", async () => {
  const x = leaf(7);
  x.backward();
  assertEquals(await numbers(x.grad), [1]);
});

Deno.test("backward() stops at detach() and at tensors that want no gradient", async () => {
  const [x, constant] = [leaf(2), tensor([5])];
  x.mul(constant).mul(x.detach()).backward();
  assertEquals(await numbers(x.grad), [10]);
  assertEquals(constant.grad, null);
  assertEquals(x.detach().requiresGrad, false);
});

Deno.test("backward() skips ops whose outputs got no gradient", async () => {
  const x = leaf(1, 2);
  const halted = x.mul(3);
  const y = track("no gradient", [halted, x], tensor([0]), () => [null, ones([2])]);
  y.backward();
  assertEquals(await numbers(x.grad), [1, 1]);
});

Deno.test("trackMany() takes gradients of the outputs that were used", async () => {
  const x = leaf(3);
  const seen: (Tensor | null)[][] = [];
  const [a] = trackMany(
    "pair",
    [x],
    [tensor([6]), tensor([9])],
    (gradients) => {
      seen.push([...gradients]);
      return [gradients[0]!.mul(2)];
    },
  );
  a.mul(5).backward();
  assertEquals(await numbers(x.grad), [10]);
  assertEquals(seen.map(([first, second]) => [first !== null, second]), [[true, null]]);
});

Deno.test("backward() works again with retainGraph and is refused without", async () => {
  const x = leaf(2);
  const y = x.mul(x);
  y.backward({ retainGraph: true });
  y.backward();
  assertEquals(await numbers(x.grad), [8]);
  assertThrows(() => y.backward(), Error, "the graph was freed; use retainGraph: true");
});

Deno.test("backward() is refused where a part of the graph was freed before", async () => {
  const [w, other] = [leaf(2), leaf(7)];
  const h = w.mul(3);
  h.sum().backward();
  const second = h.mul(5).add(other.mul(2)).sum();
  assertThrows(() => second.backward(), Error, "the graph was freed; use retainGraph: true");
  assertEquals([await numbers(w.grad), h.grad, other.grad], [[3], null, null]);
  h.detach().mul(other).backward();
  assertEquals(await numbers(other.grad), [6]);
});

Deno.test("backward() runs through a shared part again that was retained", async () => {
  const w = leaf(2);
  const h = w.mul(3);
  h.sum().backward({ retainGraph: true });
  h.mul(5).sum().backward();
  assertEquals([await numbers(w.grad), h.grad], [[18], null]);
});

Deno.test("backward() refuses what has no gradient, no shape or another shape", () => {
  const x = leaf(1, 2);
  assertThrows(() => tensor([1]).backward(), Error, "needs no gradient");
  assertThrows(() => x.mul(2).backward(), Error, "backward() of shape [2] needs a gradient");
  assertThrows(
    () => x.mul(2).backward({ gradient: tensor([1]) }),
    Error,
    "gradient of shape [1] for a tensor of shape [2]",
  );
});

Deno.test("backward() frees intermediate results with freeExcept", () => {
  const x = leaf(1, 2);
  const [kept, freed] = [x.mul(2), x.mul(3)];
  const loss = kept.add(freed).sum();
  loss.backward({ freeExcept: [kept] });
  assertEquals([kept.disposed, freed.disposed, loss.disposed, x.disposed], [
    false,
    true,
    false,
    false,
  ]);
});

Deno.test("noGrad() records nothing and frees what it does not return", () => {
  const x = leaf(1, 2);
  let inner: Tensor | undefined;
  const y = noGrad(() => {
    assert(!gradEnabled());
    inner = x.mul(2);
    return inner.add(1);
  });
  assert(gradEnabled());
  assertEquals([y.requiresGrad, y.disposed, inner!.disposed], [false, false, true]);
});

Deno.test("noGrad() restores the tape after an error", () => {
  assertThrows(
    () =>
      noGrad(() => {
        throw new Error("inside");
      }),
    Error,
    "inside",
  );
  assert(gradEnabled());
});

Deno.test("requiresGrad can be set on float32 leaves only", () => {
  const x = leaf(1);
  assertThrows(() => x.mul(2).requiresGrad = false, Error, "leaves only; use detach()");
  assertThrows(() => tensor(Int32Array.of(1)).requiresGrad = true, TypeError, "not for int32");
});

Deno.test("track() frees what backward would need when there is no tape", () => {
  const [x, y, saved] = [tensor([1]), tensor([2]), tensor([3])];
  assertStrictEquals(track("op", [x], y, (dy) => [dy], [saved]), y);
  assert(saved.disposed);
  assertEquals(y.requiresGrad, false);
});

Deno.test("backward() holds nothing but the gradients of leaves", () => {
  endStep();
  const x = full([1000], 0.5, { requiresGrad: true });
  const index = tensor(Int32Array.of(1, 2, 3));
  const before = gpu.account.inUse;
  const run = () =>
    scope(() => {
      const y = x.exp().mul(x).div(x.add(2)).sub(x.reshape(1000, 1).reshape(1000));
      gather(y, 0, index).reshape(3, 1).mul(ones([3, 2])).sum().backward();
    });
  run();
  const bytes = x.grad!.storage.size;
  assertEquals(gpu.account.inUse - before, bytes);
  run();
  assertEquals(gpu.account.inUse - before, bytes);
});

Deno.test("backward() tells of a leaf as soon as its gradient is done, when all that use it have given theirs", async () => {
  const [early, late, unused] = [2, 3, 4].map((value) =>
    tensor([value], null, { requiresGrad: true })
  );
  const told: [string, boolean][] = [];
  const names = new Map([[early, "early"], [late, "late"], [unused, "unused"]]);
  // The last op is the first that gives gradients: `late` is in it alone, `early` in all.
  const loss = early.mul(early).mul(early).add(late).sum();
  loss.backward({
    onGradient: (leaf) => told.push([names.get(leaf)!, early.grad === null]),
  });
  assertEquals(told, [["late", true], ["early", false]]);
  assertEquals([await early.grad!.item(), await late.grad!.item()], [12, 1]);
  assertEquals(unused.grad, null);
});
