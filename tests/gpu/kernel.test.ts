import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Kernel } from "../../src/gpu/kernel.ts";

const SOURCE = `
struct Params { count: u32, scale: f32,
  shift: i32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<uniform> weights: array<vec4f, 16>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main() {}`;

Deno.test("Kernel finds bindings by name", () => {
  const { bindings, paramsName } = new Kernel("k", SOURCE).reflect({}, "");
  assertEquals(paramsName, "params");
  assertEquals([...bindings], [
    { name: "params", binding: 0, kind: "uniform" },
    { name: "x", binding: 2, kind: "read-only-storage" },
    { name: "weights", binding: 1, kind: "uniform" },
    { name: "y", binding: 3, kind: "storage" },
  ]);
});

Deno.test("Kernel finds the fields of the parameters in order", () => {
  const { params } = new Kernel("k", SOURCE).reflect({}, "");
  assertEquals(params.map(({ name, type }) => `${name}:${type}`), [
    "count:u32",
    "scale:f32",
    "shift:i32",
  ]);
});

Deno.test("Kernel needs no parameters", () => {
  const { params, paramsName } = new Kernel("k", "fn main() {}").reflect({}, "");
  assertEquals([params.length, paramsName], [0, null]);
});

Deno.test("Kernel expands a template once for every set of values", () => {
  const kernel = new Kernel("k", "//: if A\n@group(0) @binding(0) var<storage> x: u32;\n//: end");
  const withA = kernel.reflect({ A: true }, "A=true");
  assertStrictEquals(kernel.reflect({ A: true }, "A=true"), withA);
  assertEquals(withA.bindings.length, 1);
  assertEquals(kernel.reflect({ A: false }, "A=false").bindings.length, 0);
});

Deno.test("Kernel names itself and the parameter it cannot pack", () => {
  const kernel = new Kernel("blur", "struct Params { size: vec2u }");
  assertThrows(() => kernel.reflect({}, ""), Error, "kernel blur: parameter size has type vec2u");
  assertThrows(() => new Kernel("blur", "${N}").reflect({}, ""), Error, "kernel blur: template");
});
