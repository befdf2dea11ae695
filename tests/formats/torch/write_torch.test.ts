import { assertEquals, assertThrows } from "@std/assert";
import { flatten } from "../../../src/formats/flatten.ts";
import { FormatError } from "../../../src/formats/format_error.ts";
import { PyFloat, PyOrderedDict, PyTuple } from "../../../src/formats/pickle/python.ts";
import type { SafetensorsTensor } from "../../../src/formats/safetensors/safetensors.ts";
import { readTorch } from "../../../src/formats/torch/read_torch.ts";
import { writeTorch } from "../../../src/formats/torch/write_torch.ts";
import { readZip } from "../../../src/formats/zip/read_zip.ts";
import { fixture } from "../pth.ts";

/** Everything in a file, the tensors as plain numbers. */
function plain(value: unknown) {
  const { tensors, others } = flatten(value);
  return {
    tensors: [...tensors].map((
      [name, { dtype, shape, data }],
    ) => [name, dtype, [...shape], [...data as Iterable<unknown>]]),
    others: [...others],
  };
}

Deno.test("writeTorch() writes what readTorch() reads", () => {
  for (const name of ["latest.pth", "mixed_tensors.pth", "legacy.pth", "arrays4.pkl"]) {
    const { value } = readTorch(fixture(name));
    const again = readTorch(writeTorch(value));
    assertEquals(again.format, "zip");
    assertEquals(plain(again.value), plain(value));
  }
});

Deno.test("writeTorch() writes numbers of every size, long texts, and long lists", () => {
  const numbers = [
    0,
    255,
    256,
    65535,
    65536,
    -1,
    2 ** 31 - 1,
    -(2 ** 31),
    2 ** 31,
    2 ** 53 - 1,
    0.1,
  ];
  const texts = Array.from({ length: 2500 }, (_, i) => `name ${i % 300} €`);
  const value = new Map<unknown, unknown>([
    ["numbers", numbers],
    ["long", [2n ** 70n, -(2n ** 70n), -128n]],
    ["texts", texts],
    ["tuples", new PyTuple([new PyTuple([]), new PyTuple([true, false, null])])],
    ["dict", new PyOrderedDict<unknown>([["a", new Map([[3, -0]])]])],
    ["floats", [new PyFloat(2), new PyFloat(NaN), new PyFloat(-Infinity)]],
  ]);
  const read = readTorch(writeTorch(value)).value as Map<string, unknown>;
  assertEquals(read.get("floats"), [2, NaN, -Infinity]);
  assertEquals(read.get("long"), [2n ** 70n, -(2n ** 70n), -128]);
  for (const name of ["numbers", "texts", "tuples", "dict"]) {
    assertEquals(read.get(name), value.get(name), name);
  }
});

Deno.test("writeTorch() writes shared numbers once, aligned, and the same bytes again", () => {
  const data = new Float32Array([1, 2, 3, 4]);
  const a: SafetensorsTensor = { dtype: "F32", shape: [4], data };
  const b: SafetensorsTensor = { dtype: "F32", shape: [2, 2], data };
  const c: SafetensorsTensor = { dtype: "F32", shape: [2], data: data.subarray(1, 3) };
  const value = new Map([["a", a], ["b", b], ["c", c]]);
  const bytes = writeTorch(value);
  assertEquals(writeTorch(value), bytes);
  const entries = readZip(bytes);
  assertEquals([...entries.keys()], [
    "archive/data.pkl",
    "archive/byteorder",
    "archive/data/0",
    "archive/data/1",
    "archive/version",
    "archive/.data/serialization_id",
  ]);
  for (const { packed } of entries.values()) assertEquals(packed.byteOffset % 64, 0);
  assertEquals(entries.get("archive/.data/serialization_id")!.size, 40);
  const read = readTorch(bytes).value as Map<string, SafetensorsTensor>;
  assertEquals(read.get("b")!.shape, [2, 2]);
  assertEquals([...read.get("c")!.data as Float32Array], [2, 3]);
});

Deno.test("writeTorch() refuses what a torch file cannot hold", () => {
  const refused = (value: unknown, message: string) =>
    assertThrows(() => writeTorch(value), FormatError, message);
  refused({ dtype: "U32", shape: [1], data: new Uint32Array(1) }, "tensors of U32 are not written");
  refused({ dtype: "F32", shape: [2], data: new Float32Array(1) }, "does not have 1 numbers");
  refused([undefined], "a undefined cannot be written");
  refused([new Date(0)], "cannot be written to a torch file");
});
