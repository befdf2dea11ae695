import { crc32 as zlib } from "node:zlib";
import { readCheckpoint } from "../../../src/formats/read_checkpoint.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  readSafetensors,
  SafetensorsError,
  type SafetensorsTensor,
  toFloat32,
  writeSafetensors,
} from "../../../src/formats/safetensors/safetensors.ts";

function file(header: unknown, dataBytes: number, declared?: bigint): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, declared ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function failure(bytes: Uint8Array): string {
  return assertThrows(() => readSafetensors(bytes), SafetensorsError).message;
}

const one = (begin: number, end: number, shape = [2]) => ({
  dtype: "F32",
  shape,
  data_offsets: [begin, end],
});

Deno.test("writeSafetensors() and readSafetensors() keep every dtype, shape and the metadata", () => {
  const tensors = new Map<string, SafetensorsTensor>([
    ["bool", { dtype: "BOOL", shape: [3], data: new Uint8Array([1, 0, 1]) }],
    ["weight", { dtype: "F32", shape: [2, 1], data: new Float32Array([1.5, -0]) }],
    ["count", { dtype: "I64", shape: [], data: new BigInt64Array([-(2n ** 60n)]) }],
    ["empty", { dtype: "F64", shape: [0, 4], data: new Float64Array() }],
    ["double", { dtype: "F64", shape: [1], data: new Float64Array([Math.PI]) }],
    ["half", { dtype: "F16", shape: [1], data: new Uint16Array([0x3c00]) }],
    ["i8", { dtype: "I8", shape: [1], data: new Int8Array([-128]) }],
    ["u32", { dtype: "U32", shape: [1], data: new Uint32Array([0xffffffff]) }],
    ["i32", { dtype: "I32", shape: [1], data: new Int32Array([-1]) }],
    ["i16", { dtype: "I16", shape: [1], data: new Int16Array([-2]) }],
    ["__proto__", { dtype: "U8", shape: [1], data: new Uint8Array([9]) }],
  ]);
  const bytes = writeSafetensors(tensors, { epoch: "3" });
  const read = readSafetensors(bytes);
  assertEquals(read.metadata, { epoch: "3" });
  assertEquals(new Map([...read.tensors].sort()), new Map([...tensors].sort()));
  assertEquals(writeSafetensors(tensors, { epoch: "3" }), bytes);
});

Deno.test("writeSafetensors() aligns the data and every tensor in it", () => {
  const bytes = writeSafetensors(
    new Map<string, SafetensorsTensor>([
      ["a", { dtype: "U8", shape: [3], data: new Uint8Array([1, 2, 3]) }],
      ["b", { dtype: "F64", shape: [1], data: new Float64Array([7]) }],
    ]),
  );
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  assertEquals(length % 8, 0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  assertEquals(header.b.data_offsets, [0, 8]);
  assertEquals(header.a.data_offsets, [8, 11]);
  assertEquals(Object.keys(header.__metadata__), ["data_crc32"]);
});

Deno.test("writeSafetensors() writes views of a larger buffer", () => {
  const data = new Float32Array([0, 1, 2, 3]).subarray(1, 3);
  const bytes = writeSafetensors(new Map([["v", { dtype: "F32", shape: [2], data }]]));
  assertEquals(readSafetensors(bytes).tensors.get("v")?.data, new Float32Array([1, 2]));
});

Deno.test("readSafetensors() reads bytes that start at an odd offset", () => {
  const bytes = writeSafetensors(
    new Map([["v", { dtype: "F32", shape: [1], data: new Float32Array([5]) }]]),
  );
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  const read = readSafetensors(shifted.subarray(1));
  assertEquals(read.tensors.get("v")?.data, new Float32Array([5]));
});

Deno.test("writeSafetensors() refuses data that does not fit its shape or dtype", () => {
  const write = (name: string, tensor: SafetensorsTensor) =>
    assertThrows(() => writeSafetensors(new Map([[name, tensor]])), SafetensorsError).message;
  const data = new Float32Array(3);
  assertEquals(
    write("w", { dtype: "F32", shape: [2], data }),
    "tensor w: shape [2] does not have 3 elements",
  );
  assertEquals(
    write("w", { dtype: "I32", shape: [3], data }),
    "tensor w: I32 needs a Int32Array",
  );
  assertStringIncludes(write("__metadata__", { dtype: "F32", shape: [3], data }), "__metadata__");
});

Deno.test("readSafetensors() refuses truncated files and headers that lie", () => {
  assertStringIncludes(failure(new Uint8Array(5)), "this one has 5 bytes");
  assertStringIncludes(failure(file({}, 0, 3000n)), "but 2 follow; the file is truncated");
  assertStringIncludes(failure(file({}, 0, 2n ** 63n)), "more than the 100000000 allowed");
  assertStringIncludes(failure(file("{nope", 0)), "the header is not JSON");
  assertStringIncludes(failure(file(new Array(1), 0)), "it is not an object");
  assertStringIncludes(failure(file({ w: one(0, 8) }, 4)), "do not lie in the 4 bytes of data");
  const whole = writeSafetensors(
    new Map([["v", { dtype: "F32", shape: [4], data: new Float32Array(4) }]]),
  );
  for (let length = 0; length < whole.length; length++) failure(whole.slice(0, length));
});

Deno.test("readSafetensors() refuses entries that break the format", () => {
  const entry = (value: unknown) => failure(file({ w: value }, 8));
  assertStringIncludes(entry(null), "tensor w in the header is not JSON as it should be");
  assertStringIncludes(entry({}), "tensor w: dtype must be one of F64, F32");
  assertStringIncludes(entry({ ...one(0, 8), dtype: "toString" }), 'got "toString"');
  assertStringIncludes(entry({ ...one(0, 8), shape: [-2] }), "got [-2]");
  assertStringIncludes(entry({ ...one(0, 8), shape: [2 ** 40, 2 ** 40] }), "shape must be");
  assertStringIncludes(entry(one(0, 8, [3])), "F32 of shape [3] takes 12 bytes");
  assertStringIncludes(entry({ ...one(0, 8), data_offsets: [0] }), "data_offsets must be");
  assertStringIncludes(entry({ ...one(0, 8), data_offsets: [-4, 4] }), "data_offsets must be");
  assertStringIncludes(entry(one(8, 0)), "do not lie in the 8 bytes");
  assertStringIncludes(failure(file({ __metadata__: { a: 1 } }, 0)), "must be an object of texts");
});

Deno.test("readSafetensors() refuses overlaps, gaps, left-over bytes and equal names", () => {
  assertStringIncludes(failure(file({ a: one(0, 8), b: one(4, 12) }, 12)), "tensor b: its data");
  assertStringIncludes(failure(file({ a: one(4, 12) }, 12)), "4 bytes before its data");
  assertStringIncludes(failure(file({ a: one(0, 8) }, 12)), "4 bytes at the end of the file");
  const entry = JSON.stringify(one(0, 8));
  assertStringIncludes(
    failure(file(`{"a": ${entry}, "\\u0061" : ${entry}}`, 8)),
    "names the tensor a twice",
  );
});

Deno.test("readSafetensors() does not take a key inside an entry for a tensor's name", () => {
  const text = `{"shape": ${JSON.stringify(one(0, 8))}, "dtype": ${JSON.stringify(one(8, 16))}}`;
  assertEquals([...readSafetensors(file(text, 16)).tensors.keys()], ["shape", "dtype"]);
});

Deno.test("toFloat32() converts half, bfloat16 and double", () => {
  const half = new Uint16Array([0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000, 0x7e00]);
  assertEquals(
    toFloat32({ dtype: "F16", shape: [7], data: half }),
    new Float32Array([1, -2, 2 ** -24, 65504, Infinity, -0, NaN]),
  );
  const brain = new Uint16Array([0x3f80, 0xc000, 0x7f80]);
  assertEquals(
    toFloat32({ dtype: "BF16", shape: [3], data: brain }),
    new Float32Array([1, -2, Infinity]),
  );
  assertEquals(
    toFloat32({ dtype: "F64", shape: [1], data: new Float64Array([0.1]) }),
    new Float32Array([0.1]),
  );
  assertThrows(
    () => toFloat32({ dtype: "I32", shape: [1], data: new Int32Array(1) }),
    SafetensorsError,
    "I32 is not floating-point",
  );
});

Deno.test("writeSafetensors() puts a checksum into the metadata, by which a flipped bit is found", () => {
  const tensors = new Map<string, SafetensorsTensor>([
    ["7", { dtype: "U8", shape: [3], data: new Uint8Array([1, 2, 3]) }],
    ["b", { dtype: "F32", shape: [2], data: new Float32Array([5, 6]) }],
  ]);
  const bytes = writeSafetensors(tensors, { 3: "three", data_crc32: "stale" });
  assertEquals(readSafetensors(bytes).metadata, { 3: "three" });
  const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const sum = zlib(bytes.subarray(start)).toString(16).padStart(8, "0");
  assertStringIncludes(new TextDecoder().decode(bytes), `"data_crc32":"${sum}"`);
  for (let bit = 8 * start; bit < 8 * bytes.length; bit += 3) {
    const damaged = bytes.slice();
    damaged[bit >> 3] ^= 1 << (bit & 7);
    assertStringIncludes(failure(damaged), "the checksum of the data is");
  }
  // Files of others have none.
  assertEquals(readSafetensors(file({ a: one(0, 8) }, 8)).tensors.size, 1);
});

Deno.test("readSafetensors() reads a source part by part", () => {
  const tensors = new Map(Array.from({ length: 5 }, (_, i): [string, SafetensorsTensor] => {
    const data = new Float32Array(1 << 21).fill(i);
    return [`t${i}`, { dtype: "F32", shape: [1 << 21], data }];
  }));
  const bytes = writeSafetensors(tensors);
  const lengths: number[] = [];
  const read = (begin: number, end: number) => {
    lengths.push(end - begin);
    return bytes.slice(begin, end);
  };
  assertEquals(readSafetensors({ size: bytes.length, read }).tensors, tensors);
  assertEquals(lengths.slice(2), [2 ** 24, 2 ** 24, 2 ** 23]);
  const short = () => readSafetensors({ size: bytes.length + 4, read });
  assertThrows(short, SafetensorsError, "4 bytes at the end of the file");
});

Deno.test("readSafetensors() names complex numbers and those of less than 8 bits, and reads the rest", () => {
  const entries = {
    a: { dtype: "C64", shape: [1], data_offsets: [0, 8] },
    b: { dtype: "F4", shape: [3, 2], data_offsets: [8, 11] },
    c: { dtype: "F6_E2M3", shape: [4], data_offsets: [11, 14] },
    d: { dtype: "I16", shape: [1], data_offsets: [14, 16] },
  };
  const { tensors, unread } = readSafetensors(file(entries, 16));
  assertEquals([...tensors.keys()], ["d"]);
  assertEquals([...unread], [["a", "C64"], ["b", "F4"], ["c", "F6_E2M3"]]);
  const odd = { b: { dtype: "F4", shape: [3], data_offsets: [0, 2] } };
  assertStringIncludes(failure(file(odd, 2)), "takes 1.5 bytes");
});

Deno.test("readSafetensors() refuses a header of nested lists, and names of 100,000 characters", () => {
  const nested = failure(file(`{"a":${"[".repeat(1e6)}`, 0));
  assertStringIncludes(nested, "nested more than 8 levels deep");
  assertStringIncludes(failure(file({ ["n".repeat(1e5)]: one(0, 8) }, 8)), "may have 10000");
  const twice = `{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}`;
  assertStringIncludes(failure(file(twice, 8)), 'has "dtype" twice');
});

Deno.test("readCheckpoint() takes no length of a header for a pickle", () => {
  for (const length of [640, 896, 1152, 1408]) {
    const text = JSON.stringify({ a: one(0, 8) }).padEnd(length);
    assertEquals(readCheckpoint(file(text, 8)).kind, "safetensors");
    // The library reads a header behind spaces, too.
    assertEquals(readCheckpoint(file(` ${text}`, 8)).kind, "safetensors");
  }
});

Deno.test("toFloat32() converts the types of 8 bits as PyTorch does", () => {
  const floats = (dtype: SafetensorsTensor["dtype"], ...bits: number[]) => [
    ...toFloat32({ dtype, shape: [bits.length], data: Uint8Array.from(bits) }),
  ];
  assertEquals(floats("F8_E4M3", 0x38, 0xb9, 0x01, 0x7e, 0x7f), [1, -1.125, 2 ** -9, 448, NaN]);
  assertEquals(floats("F8_E5M2", 0x3c, 0xbd, 0x01, 0x7b, 0x7c), [
    1,
    -1.25,
    2 ** -16,
    57344,
    Infinity,
  ]);
  assertEquals(floats("F8_E4M3FNUZ", 0x40, 0x7f, 0x80), [1, 240, NaN]);
  assertEquals(floats("F8_E5M2FNUZ", 0x40, 0x7f, 0x80), [1, 57344, NaN]);
  assertEquals(floats("F8_E8M0", 127, 0, 255), [1, 2 ** -127, NaN]);
});
