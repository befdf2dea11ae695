import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { flatten } from "../../../src/formats/flatten.ts";
import { FormatError } from "../../../src/formats/format_error.ts";
import { modelState } from "../../../src/formats/model_state.ts";
import { ByteWriter } from "../../../src/formats/pickle/byte_writer.ts";
import { quoted } from "../../../src/formats/pickle/python.ts";
import { readSafetensors } from "../../../src/formats/safetensors/safetensors.ts";
import { readTorch } from "../../../src/formats/torch/read_torch.ts";
import { elementCount } from "../../../src/formats/safetensors/safetensors_dtype.ts";
import { shown } from "../../../src/formats/visible.ts";

const [EMPTY_LIST, MARK, APPENDS, TUPLE1, REDUCE, STOP] = [0x5d, 0x28, 0x65, 0x85, 0x52, 0x2e];
const [BINPUT, BINGET, POP] = [0x71, 0x68, 0x30];

function pickle(write: (out: ByteWriter) => void): Uint8Array {
  const out = new ByteWriter().u8(0x80, 2);
  write(out);
  return out.u8(STOP).take();
}

function global(out: ByteWriter, module: string, name: string): ByteWriter {
  return out.u8(0x63).text(`${module}\n${name}\n`);
}

/** A list that holds another twice, that one another twice, and so on: as a text it has 2^levels parts. */
function laugh(out: ByteWriter, levels = 40): ByteWriter {
  out.u8(EMPTY_LIST, MARK, 0x4b, 1, APPENDS);
  for (let i = 0; i < levels; i++) {
    out.u8(BINPUT, i, POP, EMPTY_LIST, MARK, BINGET, i, BINGET, i, APPENDS);
  }
  return out;
}

function text(out: ByteWriter, value: string): ByteWriter {
  const bytes = new TextEncoder().encode(value);
  return out.u8(0x58).u32(bytes.length).raw(bytes);
}

function refusal(bytes: Uint8Array): string {
  const start = performance.now();
  const { message } = assertThrows(() => flatten(readTorch(bytes).value), FormatError);
  assert(performance.now() - start < 5000);
  assert(message.length < 400, message);
  return message;
}

Deno.test("readTorch() never spells out lists that hold one another", () => {
  const calls = [["torch", "device"], ["torch", "Size"], ["numpy", "dtype"], ["_codecs", "encode"]];
  for (const [module, name] of calls) {
    const bytes = pickle((out) => {
      global(out, module, name);
      laugh(out).u8(TUPLE1, REDUCE);
    });
    if (name === "encode" || name === "dtype") {
      assertEquals(flatten(readTorch(bytes).value).unread.size, 1);
    } else if (name !== "Size") refusal(bytes);
    else assertEquals(flatten(readTorch(pickle((out) => laugh(out, 3))).value).others.size, 8);
  }
  // As a key it is only named.
  const keyed = pickle((out) => {
    out.u8(0x7d);
    laugh(out);
    out.u8(0x4b, 7, 0x73);
  });
  assertEquals([...flatten(readTorch(keyed).value).others], [["a list,a list", 7]]);
  assertThrows(() => modelState(readTorch(keyed).value), FormatError, "no model");
});

Deno.test("readTorch() refuses calls that copy one value again and again", () => {
  const items = pickle((out) => {
    out.u8(EMPTY_LIST, MARK);
    for (let i = 0; i < 20_000; i++) out.u8(0x4a).i32(i);
    out.u8(APPENDS, BINPUT, 0, POP, EMPTY_LIST, MARK);
    for (let i = 0; i < 200; i++) {
      global(out, "builtins", ["set", "list", "tuple"][i % 3]).u8(BINGET, 0, TUPLE1, REDUCE);
    }
    out.u8(APPENDS);
  });
  assertStringIncludes(refusal(items), "makes far more than the file holds");
  const bytes = pickle((out) => {
    text(out, "x".repeat(2 ** 20)).u8(BINPUT, 0, POP, EMPTY_LIST, MARK);
    for (let i = 0; i < 200; i++) {
      global(out, "_codecs", "encode").u8(BINGET, 0);
      text(out, "latin1").u8(0x86, REDUCE);
    }
    out.u8(APPENDS);
  });
  assertStringIncludes(refusal(bytes), "makes far more than the file holds");
});

Deno.test("readTorch() says what a size, a device and a NumPy type are made of", () => {
  const call = (module: string, name: string, argument: (out: ByteWriter) => void) =>
    refusal(pickle((out) => {
      global(out, module, name);
      argument(out);
      out.u8(TUPLE1, REDUCE);
    }));
  assertEquals(call("torch", "Size", (out) => out.u8(0x4b, 5)), "a size is made of 5");
  assertEquals(call("torch", "device", (out) => out.u8(EMPTY_LIST)), "a device is named by a list");
  for (const name of ["constructor", "__proto__", "toString"]) {
    const bytes = pickle((out) => {
      text(global(out, "numpy", "dtype"), name).u8(TUPLE1, REDUCE);
    });
    assertEquals(String(readTorch(bytes).value), `NumPy's type "${name}", not read`);
  }
});

Deno.test("flatten() refuses names that are too long, alone or together", () => {
  const long = "k".repeat(20_000);
  assertThrows(() => flatten(new Map([[long, 1]])), FormatError, "names are too long");
  const inner = new Map(Array.from({ length: 10_000 }, (_, i) => [`${i}`, i]));
  assertThrows(
    () => flatten(new Map([["k".repeat(9000), inner]])),
    FormatError,
    "names are too long",
  );
});

Deno.test("readSafetensors() bounds names, dimensions and its errors", () => {
  const file = (header: string) => {
    const bytes = new TextEncoder().encode(header);
    const out = new Uint8Array(8 + bytes.length);
    new DataView(out.buffer).setBigUint64(0, BigInt(bytes.length), true);
    out.set(bytes, 8);
    return out;
  };
  const message = (header: string) => {
    const { message } = assertThrows(() => readSafetensors(file(header)), Error);
    assert(message.length < 400, message);
    return message;
  };
  const many = `[${new Array(65).fill(0)}]`;
  assertStringIncludes(
    message(`{"w":{"dtype":"F32","shape":${many},"data_offsets":[0,0]}}`),
    "at most 64 sizes",
  );
  assertStringIncludes(
    message(`{"w":{"dtype":"${"x".repeat(9000)}","shape":[],"data_offsets":[0,0]}}`),
    "dtype must be one of",
  );
  // A name of 30 million characters with a quote in it is gone through without a recursion.
  const long = '\\"' + "n".repeat(3e7);
  const entry = `{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`;
  assertStringIncludes(message(`{"${long}":${entry}}`), "may have 10000 characters each");
  for (const gap of ["", " ", " ".repeat(1000), "\n\t"]) {
    const twice = `{"a":${entry},"a"${gap}:${entry}}`;
    assertStringIncludes(message(twice), "names the tensor a twice");
  }
  assertEquals(readSafetensors(file(`{"a":${entry},"__metadata__":{"a":"a"}}`)).tensors.size, 1);
});

Deno.test("elementCount() is of at most 64 sizes, of NumPy's arrays too", () => {
  assertEquals(elementCount(new Array(64).fill(1)), 1);
  assertEquals(elementCount(new Array(65).fill(1)), NaN);
});

Deno.test("quoted() and shown() give short texts without control characters", () => {
  assertEquals(
    quoted([1, "a", [2], null, undefined, new Map()]),
    '1,"a",a list,null,nothing,a dictionary',
  );
  assertEquals(quoted("\x1b[31m\x9b"), '"\\u001b[31m\\u009b"');
  assertEquals(shown("a\nb\x7f"), "a\\x0ab\\u007f");
  assertEquals(shown("x".repeat(100)), `${"x".repeat(77)}...`);
  assertEquals(quoted(new Array(1e6).fill(1)).length, 35);
});
