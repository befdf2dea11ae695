import { assertEquals, assertThrows } from "@std/assert";
import { expandTemplate, type TemplateValues } from "../../src/gpu/template.ts";
import { evaluate } from "../../src/gpu/template_expression.ts";

const lines = (...text: string[]) => text.join("\n");
const expanded = (source: string, values?: TemplateValues, shared?: Record<string, string>) =>
  expandTemplate(source, values, shared).text;

Deno.test("expandTemplate() returns plain sources as they are", () => {
  assertEquals(expanded("let a = 1;\n// : for"), "let a = 1;\n// : for");
});

Deno.test("expandTemplate() repeats and substitutes", () => {
  const source = lines("//: for i in 0..N - 1", "a${i * 2}", "//: end", "last");
  assertEquals(expanded(source, { N: 4 }), lines("a0", "a2", "a4", "last"));
  assertEquals(expanded(source, { N: 1 }), "last");
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
  assertEquals(expanded(source, { WANTED: true }), lines("same0", "0,1", "same1"));
  assertEquals(expanded(source, { WANTED: false }), lines("0,0", "0,1", "1,1"));
});

Deno.test("expandTemplate() inserts text and keeps loop variables inside of the loop", () => {
  assertEquals(expanded("a ${OP} b: ${T}", { OP: "*", T: "vec4f" }), "a * b: vec4f");
  const source = lines("//: for i in 0..1", "//: end", "${i}");
  assertThrows(() => expandTemplate(source), Error, 'template line 3: unknown name "i"');
});

Deno.test("expandTemplate() names the line of what it cannot read", () => {
  assertThrows(() => expandTemplate("x\n${A}"), Error, 'template line 2: unknown name "A"');
  assertThrows(() => expandTemplate("\n//: if 1"), Error, 'line 2: directive without "end"');
  assertThrows(() => expandTemplate("//: loop\n//: end"), Error, "line 1");
  assertThrows(() => expandTemplate("//: end"), Error, "line 1");
});

const SHARED = {
  sum: "${A} + ${B}\n",
  twice: '//: for k in 0..2\n//: include "sum" B = k * N\n//: end\n',
  broken: "fine\n${missing}",
  self: 'before\n//: include "self"',
};

Deno.test("expandTemplate() includes files, which know the names of their place and those given", () => {
  const include = (rest: string) =>
    expanded(`first\n  //: include ${rest}\nlast`, { N: 3 }, SHARED);
  assertEquals(include('"sum" A = "max(a, b)", B = 2 * N'), "first\nmax(a, b) + 6\nlast");
  assertEquals(include('"twice" A="x"'), "first\nx + 0\nx + 3\nlast");
  assertEquals(include('"sum" A = "", B = N == 3 ? 1 : 2'), "first\n + 1\nlast");
});

Deno.test("expandTemplate() says where every line was written", () => {
  const source = lines(
    "first",
    "//: for i in 0..2",
    '//: include "sum" A = i, B = 1',
    "//: end",
    "x",
  );
  const { text, origins } = expandTemplate(source, {}, SHARED);
  assertEquals(text, lines("first", "0 + 1", "1 + 1", "x"));
  const included = { file: "sum", line: 1, text: "${A} + ${B}" };
  assertEquals([...origins], [
    { file: null, line: 1, text: "first" },
    included,
    included,
    { file: null, line: 5, text: "x" },
  ]);
});

Deno.test("expandTemplate() names the file and line of what it cannot include", () => {
  const refusals: [string, string][] = [
    ["sum", 'template line 2: include "name" wanted'],
    ['"toString"', 'template line 2: there is no file "toString"'],
    ['"sum" A', 'template line 2: cannot read "A"'],
    ['"sum" A = 1 B = 2', 'template line 2: cannot read "1 B = 2"'],
    ['"sum" A = C, B = 1', 'template line 2: unknown name "C"'],
    ['"broken"', 'include "broken" line 2: unknown name "missing"'],
    ['"self"', 'include "self" line 2: "self" includes itself'],
  ];
  for (const [rest, message] of refusals) {
    assertThrows(() => expanded(`x\n//: include ${rest}`, {}, SHARED), Error, message);
  }
});

Deno.test("evaluate() follows precedence and rounds divisions down", () => {
  const scope = { N: 7, ON: true, OFF: false, T: "f32" };
  const cases: [string, number | boolean | string][] = [
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["N / 2", 3],
    ["N % 4 - 1", 2],
    ["-N + 1", -6],
    ["16 >> N - 5", 4],
    ["1 << 2 < N", true],
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
