import { assertEquals, assertThrows } from "@std/assert";
import { expandTemplate } from "../../src/gpu/template.ts";
import { evaluate } from "../../src/gpu/template_expression.ts";

const lines = (...text: string[]) => text.join("\n");

Deno.test("expandTemplate() returns plain sources as they are", () => {
  assertEquals(expandTemplate("let a = 1;\n// : for"), "let a = 1;\n// : for");
});

Deno.test("expandTemplate() repeats and substitutes", () => {
  const source = lines("//: for i in 0..N - 1", "a${i * 2}", "//: end", "last");
  assertEquals(expandTemplate(source, { N: 4 }), lines("a0", "a2", "a4", "last"));
  assertEquals(expandTemplate(source, { N: 1 }), "last");
});

Deno.test("expandTemplate() nests loops and conditions", () => {
  const source = lines(
    "//: for i in 0..2",
    "  //: for j in i..2",
    "    //: if i == j && WANTED",
    "same${i}",
    "    //: else",
    "${i},${j}",
    "    //: end",
    "  //: end",
    "//: end",
  );
  assertEquals(expandTemplate(source, { WANTED: true }), lines("same0", "0,1", "same1"));
  assertEquals(expandTemplate(source, { WANTED: false }), lines("0,0", "0,1", "1,1"));
});

Deno.test("expandTemplate() inserts text and keeps loop variables inside of the loop", () => {
  assertEquals(expandTemplate("a ${OP} b: ${T}", { OP: "*", T: "vec4f" }), "a * b: vec4f");
  const source = lines("//: for i in 0..1", "//: end", "${i}");
  assertThrows(() => expandTemplate(source), Error, 'template line 3: unknown name "i"');
});

Deno.test("expandTemplate() names the line of what it cannot read", () => {
  assertThrows(() => expandTemplate("x\n${A}"), Error, 'template line 2: unknown name "A"');
  assertThrows(() => expandTemplate("\n//: if 1"), Error, 'line 2: directive without "end"');
  assertThrows(() => expandTemplate("//: loop\n//: end"), Error, "line 1");
  assertThrows(() => expandTemplate("//: end"), Error, "line 1");
});

Deno.test("evaluate() follows precedence and rounds divisions down", () => {
  const scope = { N: 7, ON: true, OFF: false, T: "f32" };
  const cases: [string, number | boolean | string][] = [
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["N / 2", 3],
    ["N % 4 - 1", 2],
    ["-N + 1", -6],
    ["10 - 3 - 2", 5],
    ["N >= 7 && !OFF", true],
    ["N < 7 || ON", true],
    ["N != 7", false],
    ["ON ? N : 0", 7],
    ["OFF ? 1 : N == 7 ? 2 : 3", 2],
    ["T", "f32"],
  ];
  for (const [source, expected] of cases) assertEquals(evaluate(source, scope), expected, source);
});

Deno.test("evaluate() refuses what it cannot read", () => {
  for (const source of ["", "1 +", "(1", "1 2", "a", "1 ? 2", "N N"]) {
    assertThrows(() => evaluate(source, { N: 1 }), Error);
  }
});
