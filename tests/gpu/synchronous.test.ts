import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { synchronous } from "../../src/gpu/synchronous.ts";
import { normal, skipInit } from "../../src/nn/init.ts";
import { autocast, autocastEnabled } from "../../src/tensor/autocast.ts";
import { gradEnabled, noGrad, withoutTape } from "../../src/tensor/autograd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { defaultDevice, withDefaultDevice } from "../../src/tensor/default_device.ts";
import { scope } from "../../src/tensor/scope.ts";
import { shapesOnly } from "../../src/tensor/shapes_only.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { device } from "../helpers.ts";

const gpu = await device();

Deno.test("synchronous() hands on everything but promises", () => {
  for (const value of [undefined, null, 1, "then", { a: 1 }]) {
    assertStrictEquals(synchronous("f", value), value);
  }
  assertThrows(
    () => synchronous("f", Promise.reject(new Error("also"))),
    TypeError,
    "f() of an async function would be over at its first await; pass a function that awaits nothing",
  );
});

Deno.test("functions that set something up for a callback refuse async ones and end", () => {
  const takers: Record<string, (fn: () => unknown) => unknown> = {
    noGrad,
    withoutTape,
    scope,
    autocast,
    skipInit,
    shapesOnly,
    withDefaultDevice: (fn) => withDefaultDevice(gpu, fn),
    dryRun: (fn) => gpu.dryRun(fn),
  };
  for (const [name, take] of Object.entries(takers)) {
    assertThrows(
      () => take(async () => await Promise.resolve(1)),
      TypeError,
      `${name}() of an async function`,
    );
  }
  assertEquals([gradEnabled(), autocastEnabled(), defaultDevice() === gpu], [true, false, true]);
  assertEquals(normal([2], 1, 0), Float32Array.of(1, 1));
});

Deno.test("scope() of an async function frees what it made", () => {
  let made: Tensor | undefined;
  const run = async () => {
    made = tensor([1]).mul(2);
    return await Promise.resolve(made);
  };
  assertThrows(() => scope(run), TypeError, "scope() of an async function");
  assertEquals(made!.disposed, true);
});
