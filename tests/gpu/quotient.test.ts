import { assertEquals } from "@std/assert";
import { Kernel } from "../../src/gpu/kernel.ts";
import { Tensor } from "../../src/tensor/core.ts";
import { tensor } from "../../src/tensor/create.ts";
import { device } from "../helpers.ts";

const gpu = await device();

const KERNEL = new Kernel(
  "quotients",
  `@group(0) @binding(0) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> found: array<u32>;
//: include "quotient"
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let pair = pairs[min(thread.x, arrayLength(&pairs) - 1u)];
  found[thread.x] = quotient(pair.x, pair.y);
}`,
);

/** What quotient() is for: numbers of threads, 64 in each of the groups that a dispatch can have. */
const END = 64 * 65535;

Deno.test("quotient() divides as integers do, up to the threads of a dispatch", async () => {
  const divisors = [...Array.from({ length: 70 }, (_, i) => i + 1), 127, 641, 8191, 65535, END - 1];
  const pairs = divisors.flatMap((divisor) => {
    const most = Math.floor((END - 1) / divisor);
    const factors = [0, 1, 2, 3, 41, 7919, most >> 1, most - 1, most];
    const near = factors.flatMap((f) => [f * divisor - 1, f * divisor, f * divisor + 1]);
    return [...near, END - 1].filter((n) => n >= 0 && n < END).map((n) => [n, divisor]);
  });
  const given = tensor(Int32Array.from(pairs.flat()), [pairs.length, 2]);
  const groups = Math.ceil(pairs.length / 64);
  const found = Tensor.result(gpu, [groups * 64], "int32");
  gpu.dispatch(KERNEL, { bindings: { pairs: given, found }, workgroups: [groups] });
  const quotients = Array.from(await found.data()).slice(0, pairs.length);
  assertEquals(quotients, pairs.map(([n, divisor]) => Math.floor(n / divisor)));
  found.dispose();
  given.dispose();
});
