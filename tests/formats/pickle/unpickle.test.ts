import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { FormatError } from "../../../src/formats/format_error.ts";
import { BUILTIN_GLOBALS } from "../../../src/formats/pickle/builtins.ts";
import { NUMPY_GLOBALS } from "../../../src/formats/pickle/numpy.ts";
import {
  PyName,
  type PyObject,
  PyOrderedDict,
  PyTuple,
} from "../../../src/formats/pickle/python.ts";
import { unpickle } from "../../../src/formats/pickle/unpickle.ts";
import type { SafetensorsTensor } from "../../../src/formats/safetensors/safetensors.ts";
import { fixture } from "../pth.ts";

const GLOBALS = new Map([...BUILTIN_GLOBALS, ...NUMPY_GLOBALS]);

/** One character a byte. */
function read(pickle: string | Uint8Array): unknown {
  const bytes = typeof pickle === "string"
    ? Uint8Array.from(pickle, (character) => character.charCodeAt(0))
    : pickle;
  return unpickle(bytes, { globals: GLOBALS }).value;
}

function refusal(pickle: string): string {
  return assertThrows(() => read(pickle), FormatError).message;
}

Deno.test("unpickle() reads the scalars of every protocol", () => {
  const values: [string, unknown][] = [
    ["N.", null],
    ["\x80\x02\x88.", true],
    ["I00\n.", false],
    ["I-12\n.", -12],
    ["L123456789012345678901L\n.", 123456789012345678901n],
    ["F-2.5\n.", -2.5],
    ["Finf\n.", Infinity],
    ["J\xfe\xff\xff\xff.", -2],
    ["K\xff.", 255],
    ["M\x00\x01.", 256],
    ["\x8a\x00.", 0],
    ["\x8a\x01\x80.", -128],
    ["\x8a\x02\xff\x00.", 255],
    ["\x8b\x02\x00\x00\x00\x00\x80.", -32768],
    ["G\x3f\xf8\x00\x00\x00\x00\x00\x00.", 1.5],
    ["S'a\\n\\x41\\'\\101'\n.", "a\nA'A"],
    ["U\x02\xe9z.", "éz"],
    ["T\x01\x00\x00\x00q.", "q"],
    ["Va\\u20acb\n.", "a€b"],
    ["X\x03\x00\x00\x00\xe2\x82\xac.", "€"],
    ["\x8c\x03\xef\xbb\xbf.", "\ufeff"],
    ["\x8d\x01\x00\x00\x00\x00\x00\x00\x00z.", "z"],
    ["C\x02\x00\xff.", new Uint8Array([0, 255])],
    ["\x96\x01\x00\x00\x00\x00\x00\x00\x00\x07.", new Uint8Array([7])],
  ];
  for (const [pickle, value] of values) assertEquals(read(pickle), value, JSON.stringify(pickle));
});

Deno.test("unpickle() reads containers, memo and marks", () => {
  assertEquals(read("(lp0\nI1\nag0\na."), read("\x80\x02]q\x00(K\x01h\x00e.") as unknown[]);
  const own = read("]q\x00h\x00a.") as unknown[];
  assert(own[0] === own);
  assertEquals(read("(K\x01K\x02t."), new PyTuple([1, 2]));
  assertEquals(read("K\x01K\x02\x86."), new PyTuple([1, 2]));
  assertEquals(read("(dU\x01aK\x01s."), new Map([["a", 1]]));
  assertEquals(read("(U\x01aK\x01d."), new Map([["a", 1]]));
  assertEquals(read("}(U\x01aK\x01U\x01bNu."), new Map<string, unknown>([["a", 1], ["b", null]]));
  assertEquals(read("\x8f(K\x01K\x02\x90."), new Set([1, 2]));
  assertEquals(read("(K\x03\x91."), new Set([3]));
  assertEquals(read("K\x01K\x02(K\x0310."), 1);
  assertEquals(read("K\x012\x86."), new PyTuple([1, 1]));
  assertEquals(read("\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00]\x94."), []);
});

Deno.test("unpickle() makes ordered dictionaries, default dictionaries, counters and bytes", () => {
  const ordered = "ccollections\nOrderedDict\n)R}U\x09_metadataNsb.";
  assertEquals(read(ordered), new PyOrderedDict());
  assertEquals(
    read("ccollections\nOrderedDict\n]]U\x01aaK\x01aa\x85R."),
    new PyOrderedDict([["a", 1]]),
  );
  const factory = "ccollections\ndefaultdict\nc__builtin__\ndict\n\x85RU\x01aK\x01s.";
  assertEquals(read(factory), new Map([["a", 1]]));
  assertEquals(read("ccollections\nCounter\n}K\x96K\x01s\x85R."), new Map([[150, 1]]));
  assertEquals(
    read("c_codecs\nencode\nX\x02\x00\x00\x00\xc3\xbfU\x06latin1\x86R."),
    new Uint8Array([255]),
  );
  assertEquals(read("\x8c\x08builtins\x8c\x03set\x93]K\x01a\x85R."), new Set([1]));
});

Deno.test("unpickle() reads NumPy's arrays and scalars", () => {
  for (const protocol of [2, 4, 5]) {
    const value = read(fixture(`arrays${protocol}.pkl`)) as Map<string, unknown>;
    const array = (name: string) => {
      const { dtype, shape, data } = value.get(name) as SafetensorsTensor;
      return [dtype, shape, [...data as Iterable<unknown>]];
    };
    assertEquals(array("f4"), ["F32", [2, 3], [0, 1, 2, 3, 4, 5]]);
    assertEquals(array("f8"), ["F64", [2], [0.1, -2.5]]);
    assertEquals(array("f2"), ["F16", [1], [0x3e00]]);
    assertEquals(array("i8"), ["I64", [2], [-(2n ** 60n), 3n]]);
    assertEquals(array("u1"), ["U8", [2, 1], [255, 0]]);
    assertEquals(array("bool"), ["BOOL", [2], [1, 0]]);
    assertEquals(array("empty"), ["F32", [0, 2], []]);
    assertEquals([value.get("scalar"), value.get("count"), value.get("yes")], [1.25, 12, true]);
  }
});

Deno.test("unpickle() runs nothing: what it does not know is a name, and what that makes an object that does nothing", () => {
  assertEquals(read("cos\nsystem\n."), new PyName("os.system"));
  assertEquals(String(read("cos\nsystem\n(S'echo hi'\ntR.")), "os.system, not read");
  assertEquals(String(read("cbuiltins\neval\n.")), "eval");
  assertEquals(String(read("\x8c\x05posix\x8c\x06system\x93.")), "posix.system");
  assertEquals(String(read("c__proto__\ntoString\n.")), "__proto__.toString");
  assertEquals(String(read(`c${"a".repeat(500)}\nb\n.`)), "a".repeat(200));
  assertEquals(String(read("cbuiltins\nint\n)R.")), "a call of int, not read");
  const getattr = "cbuiltins\ngetattr\n(cmy\nColor\nU\x03REDtR.";
  assertEquals(String(read(getattr)), "my.Color, not read");
  assertEquals(String(read("(imy\nThing\n.")), "my.Thing, not read");
  assertEquals(String(read("(cmy\nThing\nK\x01o.")), "my.Thing, not read");
  assertEquals(String(read("cmy\nThing\n)}\x92.")), "my.Thing, not read");
  assertEquals(String(read("\x82\x05)R.")), "copyreg extension 5, not read");
  // A state, items of a list and of a set are dropped; a dictionary's entries are kept.
  for (const rest of ["}U\x01aK\x01sb", "K\x01a", "(K\x01K\x02e", "(K\x01\x90"]) {
    assertEquals((read(`cmy\nThing\n)R${rest}.`) as PyObject).entries, null);
  }
  assertEquals((read("cmy\nThing\n)RU\x01aK\x01s.") as PyObject).entries, new Map([["a", 1]]));
  const old = "ccopy_reg\n_reconstructor\n(cmy\nDict\nc__builtin__\ndict\n}U\x01aK\x01stR.";
  assertEquals((read(old) as PyObject).entries, new Map([["a", 1]]));
});

Deno.test("unpickle() refuses what Python refuses", () => {
  assertStringIncludes(refusal("]}b."), "a state to an object that takes none");
  assertStringIncludes(refusal("U\x01a)R."), "calls what is not a function");
  assertStringIncludes(refusal("ccollections\nOrderedDict\n]R."), "without a tuple of arguments");
  assertStringIncludes(refusal("U\x01aQ."), "refers to data outside of the pickle");
  assertStringIncludes(refusal("K\x01K\x02\x93."), "names a type by what is not a text");
  assertStringIncludes(refusal("cmy\nThing\n)]\x92."), "by what is not a dictionary");
});

Deno.test("unpickle() refuses damaged pickles", () => {
  assertStringIncludes(refusal(""), "the data ends at byte 0, 1 byte too early");
  assertStringIncludes(refusal("X\xff\xff\xff\xffa."), "4294967293 bytes too early");
  assertStringIncludes(refusal("\x8e\xff\xff\xff\xff\xff\xff\xff\xff."), "bytes too early");
  assertStringIncludes(refusal("\xff."), "opcode 0xff at byte 0");
  assertStringIncludes(refusal("\x80\x06N."), "pickle protocol 6");
  assertStringIncludes(refusal("h\x05."), "recalls value 5, which was never stored");
  assertStringIncludes(refusal("q\x00."), "looks at an empty stack");
  assertStringIncludes(refusal("."), "takes a value from an empty stack");
  assertStringIncludes(refusal("t."), "a mark that is not there");
  assertStringIncludes(refusal("K\x01K\x02a."), "appends to what is not a list");
  assertStringIncludes(refusal("](K\x01K\x02u."), "stores under a key in what is not a dictionary");
  assertStringIncludes(refusal("}(K\x01u."), "has a key without a value");
  assertStringIncludes(refusal("](K\x01\x90."), "adds to what is not a set");
  assertStringIncludes(refusal("Ifive\n."), 'an integer is written as "five"');
  assertStringIncludes(refusal("Ffive\n."), 'a number is written as "five"');
  assertStringIncludes(refusal("I5"), "has no end");
  assertStringIncludes(refusal("Sa\n."), "has no quotes");
  assertStringIncludes(refusal("gx\n."), "memo index");
  assertStringIncludes(refusal(`\x8b\xff\xff\x00\x00${"a".repeat(0xffff)}.`), "takes 65535 bytes");
});

Deno.test("unpickle() limits depth, stack and operations", () => {
  assertStringIncludes(refusal("(".repeat(1001)), "more than 1000 levels deep");
  assertStringIncludes(refusal("N".repeat(2_000_001)), "more than 2000000 values on its stack");
  assertStringIncludes(refusal(`]${"}a".repeat(2_000_001)}.`), "more lists and dictionaries than");
  assertStringIncludes(
    refusal(`N${"\x85".repeat(6_000_001)}.`),
    "more lists and dictionaries than",
  );
  const names = Array.from({ length: 10_001 }, (_, i) => `cx\n${i}\n0`).join("");
  assertStringIncludes(refusal(`${names}N.`), "names more than 10000 types");
  const few = () => unpickle(new Uint8Array(9).fill(0x4e), { globals: GLOBALS, mostOperations: 8 });
  assertThrows(few, FormatError, "more than 8 operations");
});
