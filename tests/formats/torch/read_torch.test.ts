import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { flatten } from "../../../src/formats/flatten.ts";
import { FormatError } from "../../../src/formats/format_error.ts";
import { modelState } from "../../../src/formats/model_state.ts";
import { OP } from "../../../src/formats/pickle/opcodes.ts";
import { Pickler } from "../../../src/formats/pickle/pickler.ts";
import { PyOrderedDict, PyTuple } from "../../../src/formats/pickle/python.ts";
import { readCheckpoint } from "../../../src/formats/read_checkpoint.ts";
import {
  type SafetensorsTensor,
  toFloat32,
  writeSafetensors,
} from "../../../src/formats/safetensors/safetensors.ts";
import { readTorch } from "../../../src/formats/torch/read_torch.ts";
import { writeZip } from "../../../src/formats/zip/write_zip.ts";
import { fill, fixture, notFilled, REFERENCE, shapesOf, TINY_SHAPES } from "../pth.ts";

const WHOLE = ["zip", "legacy"] as const;

/** Fixtures that hold the tiny model, and where in them it lies. */
const TINY: Readonly<Record<string, readonly [typeof WHOLE[number], string]>> = {
  "student_best.pth": ["zip", "model"],
  "bare.pth": ["zip", ""],
  "module.pth": ["zip", "state_dict"],
  "compiled.pth": ["zip", "model"],
  "averaged.pth": ["zip", ""],
  "latest.pth": ["zip", "model.student"],
  "legacy.pth": ["legacy", "model"],
  "protocol3.pth": ["zip", "model"],
  "protocol4.pth": ["zip", "model"],
  "protocol5.pth": ["zip", "model"],
  "protocol4_legacy.pth": ["legacy", "model"],
  "no_crc.pth": ["zip", "model"],
  "deflated.pth": ["zip", "model"],
  "zip64.pth": ["zip", "model"],
};

for (const [name, [format, path]] of Object.entries(TINY)) {
  Deno.test(`readTorch() reads ${name} as PyTorch wrote it`, () => {
    const file = readTorch(fixture(name));
    const state = modelState(file.value);
    assertEquals([file.format, state.path], [format, path]);
    assertEquals(shapesOf(state.tensors), TINY_SHAPES);
    assertEquals(notFilled(state.tensors, "tiny."), []);
    assertEquals(state.tensors.get("bn1.num_batches_tracked")!.dtype, "I64");
  });
}

Deno.test("readTorch() reads optimiser states, NumPy scalars and tensors without dimensions", () => {
  const { tensors, others } = flatten(readTorch(fixture("latest.pth")).value);
  assertEquals([others.get("epoch"), others.get("best_acc")], [7, 61.25]);
  assertEquals(others.get("optimizer.param_groups.0.weight_decay"), 5e-4);
  const momentum = tensors.get("optimizer.state.0.momentum_buffer")!;
  assertEquals(momentum.shape, [4, 3, 3, 3]);
  const expected = fill("grad.conv1.weight", [4, 3, 3, 3])[0] +
    5e-4 * fill("tiny.conv1.weight", [4, 3, 3, 3])[0];
  assert(Math.abs(Number(momentum.data[0]) - expected) < 1e-7);
  const legacy = flatten(readTorch(fixture("legacy.pth")).value);
  assertEquals([...legacy.tensors.get("best_acc")!.data as Float32Array], [61.25]);
});

Deno.test("readTorch() reads every dtype, views, parameters and odd values", () => {
  const mixed = readTorch(fixture("mixed_tensors.pth")).value as Map<string, SafetensorsTensor>;
  const of = (name: string) => [...mixed.get(name)!.data as Iterable<number | bigint>];
  const dtypes = [...mixed].map(([name, { dtype }]) => [name, dtype]);
  assertEquals(Object.fromEntries(dtypes), {
    half: "F16",
    bf16: "BF16",
    double: "F64",
    view_rows: "F32",
    view_t: "F32",
    param: "F32",
    int64: "I64",
    bool: "BOOL",
    uint8: "U8",
    scalar: "F32",
    empty: "F32",
  });
  assertEquals(of("view_rows"), Array.from({ length: 12 }, (_, i) => 6 + i));
  assertEquals(of("view_t").slice(0, 5), [0, 6, 12, 18, 1]);
  assertEquals([of("int64"), of("scalar"), of("empty")], [[0n, 1n, 2n, 3n, 4n], [3.5], []]);
  // 0x3a04 is 2^-1 * (1 + 516 / 1024) in half precision, 0x3f0a is 2^-1 * (1 + 10 / 128) in bfloat16.
  assertEquals(toFloat32(mixed.get("half")!)[0], 0.751953125);
  assertEquals(toFloat32(mixed.get("bf16")!)[0], 0.5390625);
  const kinds = flatten(readTorch(fixture("kinds.pth")).value);
  const kind = (name: string) => [...kinds.tensors.get(name)!.data as Iterable<number | bigint>];
  assertEquals([kind("parameter"), kind("tagged"), kind("uint16")], [[1.5, -2], [3], [1, 65535]]);
  assertEquals(kind("expanded"), [2, 2, 2, 2, 2, 2]);
  assertEquals(kind("reinterpreted"), [0x3f800000]);
  assertEquals([kinds.others.get("big"), kinds.others.get("minus")], [2n ** 70n, -3]);
  assertEquals(kinds.others.get("bytes"), new Uint8Array([0, 255]));
  assertEquals(String(kinds.others.get("dtype")), "torch.float16");
});

Deno.test("readTorch() reads views of one storage in the legacy format", () => {
  const value = readTorch(fixture("legacy_views.pth")).value as Map<string, SafetensorsTensor>;
  const of = (name: string) => [...value.get(name)!.data as Float32Array];
  assertEquals(of("rows"), Array.from({ length: 12 }, (_, i) => 6 + i));
  assertEquals(of("columns").slice(0, 5), [0, 6, 12, 18, 1]);
  assertEquals(of("tail"), [20, 21, 22, 23]);
});

Deno.test({
  name: "readTorch() reads the reference's checkpoints and cost matrices",
  ignore: REFERENCE === null,
  fn() {
    const read = (path: string) =>
      readCheckpoint(Deno.readFileSync(new URL(path, REFERENCE!))).value;
    for (const name of ["compiled_prefix", "dataparallel_prefix", "legacy", "student_best"]) {
      const { tensors } = modelState(read(`pth/resnet8_${name}.pth`));
      assertEquals([name, tensors.size, notFilled(tensors, "resnet8.")], [name, 56, []]);
    }
    const latest = flatten(read("pth/resnet8_latest.pth"));
    assertEquals([latest.others.get("epoch"), latest.tensors.get("best_acc")!.data[0]], [7, 12.5]);
    for (const [path, classes] of Object.entries(MATRICES)) {
      const matrix = read(`wkd_cost_matrix/${path}.pth`) as SafetensorsTensor;
      assertEquals([matrix.dtype, matrix.shape], ["F32", [classes, classes]]);
      for (let i = 0; i < classes; i++) {
        assert(Math.abs(Number(matrix.data[i * (classes + 1)])) < 1e-5);
      }
    }
  },
});

const MATRICES = {
  "cifar100/resnet32x4/linear_cka": 100,
  "cifar100/wrn_40_2/linear_cka": 100,
  "imagenet/ResNet34/logit_linear_cka": 1000,
  "imagenet/ResNet50/logit_linear_cka": 1000,
};

Deno.test("readTorch() refuses truncated and changed files, and never hangs", () => {
  for (const name of ["student_best.pth", "legacy.pth", "legacy_views.pth"]) {
    const whole = fixture(name);
    for (let length = 0; length < whole.length; length += 7) {
      assertThrows(() => readTorch(whole.slice(0, length)), FormatError);
    }
  }
  let refused = 0;
  const whole = fixture("latest.pth");
  for (let at = 0; at < whole.length; at += 11) {
    const bytes = whole.slice();
    bytes[at] ^= 0x55;
    try {
      for (const { data } of flatten(readTorch(bytes).value).tensors.values()) data.at(0);
    } catch (error) {
      assert(error instanceof FormatError, `byte ${at}: ${error}`);
      refused++;
    }
  }
  assert(refused > 100, `${refused} refused`);
});

const text = (content: string) => new TextEncoder().encode(content);

/** A torch file whose pickle is written by `write`, with one storage of four float32. */
function file(
  write: (pickler: Pickler) => void,
  more: Record<string, Uint8Array> = {},
): Uint8Array {
  const pickler = new Pickler();
  write(pickler);
  return writeZip(
    new Map([
      ["x/data.pkl", pickler.finish()],
      ["x/data/0", new Uint8Array(16)],
      ...Object.entries(more),
    ]),
  );
}

/** Writes a tensor with any storage size, offset, shape and strides. */
function tensor(
  p: Pickler,
  count: unknown,
  offset: unknown,
  shape: unknown,
  stride: unknown,
  key: unknown = "0",
): void {
  p.global("torch._utils", "_rebuild_tensor_v2");
  p.out.u8(OP.MARK, OP.MARK);
  p.write("storage");
  p.global("torch", "FloatStorage");
  for (const item of [key, "cpu", count]) p.write(item);
  p.out.u8(OP.TUPLE, OP.BINPERSID);
  for (const item of [offset, shape, stride, false, new PyOrderedDict()]) p.write(item);
  p.out.u8(OP.TUPLE, OP.REDUCE);
}

function refusal(bytes: Uint8Array): string {
  return assertThrows(() => {
    for (const { data } of flatten(readTorch(bytes).value).tensors.values()) data.at(0);
  }, FormatError).message;
}

Deno.test("readTorch() refuses tensors that do not lie in their storage", () => {
  const t = (...sizes: number[]) => new PyTuple(sizes);
  const of = (...args: [unknown, unknown, unknown, unknown, unknown?]) =>
    refusal(file((p) => tensor(p, ...args)));
  const outside = "does not lie in its storage of 4 numbers";
  assertStringIncludes(of(4, 0, t(5), t(1)), outside);
  assertStringIncludes(of(4, 1, t(4), t(1)), outside);
  assertStringIncludes(of(4, -1, t(2), t(1)), outside);
  assertStringIncludes(of(4, 0, t(2, 2), t(3, 1)), outside);
  assertStringIncludes(of(4, 0, t(-2), t(1)), outside);
  assertStringIncludes(of(4, 0, t(2), t(-1)), outside);
  assertStringIncludes(of(4, 0, t(2), t(1, 1)), outside);
  assertStringIncludes(of(4, 0, t(2 ** 40, 2 ** 40), t(0, 0)), outside);
  assertStringIncludes(of(4, 0.5, t(2), t(1)), outside);
  assertStringIncludes(of(4, 0, t(...Array(65).fill(1)), t(...Array(65).fill(1))), outside);
  assertStringIncludes(of(4, 0, "shape", t(1)), outside);
  assertStringIncludes(of(5, 0, t(4), t(1)), "should have 5 numbers of F32, but has 16 bytes");
  assertStringIncludes(of(-4, 0, t(4), t(1)), 'the storage "0" has -4 numbers');
  assertStringIncludes(of(4, 0, t(4), t(1), "1"), "the storage 1 is missing");
  assertStringIncludes(of(4, 0, t(4), t(1), 7), "which is no storage");
});

Deno.test("readTorch() refuses tensors that take far more than the file has", () => {
  const huge = file((p) => tensor(p, 4, 0, new PyTuple([2 ** 40]), new PyTuple([0])));
  assertStringIncludes(refusal(huge), "far more than the file has");
  const many = file((p) => {
    p.out.u8(OP.EMPTY_LIST, OP.MARK);
    for (let i = 0; i < 40; i++) tensor(p, 4, 0, new PyTuple([2 ** 22]), new PyTuple([0]));
    p.out.u8(OP.APPENDS);
  });
  assertStringIncludes(refusal(many), "far more than the file has");
});

Deno.test("readTorch() refuses code, other byte orders and archives of something else", () => {
  const system = file((p) => p.call("os", "system", ["echo hi"]));
  assertEquals(String(readTorch(system).value), "os.system, not read");
  assertEquals(String(readTorch(file((p) => p.global("torch", "load"))).value), "torch.load");
  const nothing = (p: Pickler) => p.write(null);
  assertStringIncludes(
    refusal(file(nothing, { "x/byteorder": text("middle") })),
    'byte order is "middle"',
  );
  assertStringIncludes(refusal(file(nothing, { "x/constants.pkl": text("") })), "TorchScript");
  assertStringIncludes(
    refusal(writeZip(new Map([["a", text("")]]))),
    "zip archive without data.pkl",
  );
  assertStringIncludes(
    refusal(file(nothing, { "y/data.pkl": text("") })),
    "holds 2 files data.pkl",
  );
});

Deno.test("flatten() refuses what is nested too deep, holds itself or has too many entries", () => {
  let deep: unknown = null;
  for (let i = 0; i < 40; i++) deep = [deep];
  assertThrows(() => flatten(deep), FormatError, "more than 32 levels deep");
  const own: unknown[] = [];
  own.push(own);
  assertThrows(() => flatten(own), FormatError, "more than 32 levels deep");
  let wide: unknown = [0, 0];
  for (let i = 0; i < 25; i++) wide = [wide, wide];
  assertThrows(() => flatten(wide), FormatError, "more than 1000000 entries");
});

Deno.test("flatten() leaves out what is nested too deep, holds itself or has too many entries beside a model", () => {
  const tensor = { dtype: "F32" as const, shape: [1], data: new Float32Array(1) };
  const own: unknown[] = [];
  own.push(own, own);
  let wide: unknown = [0, tensor];
  for (let i = 0; i < 25; i++) wide = [wide, wide];
  const itself = new Map<string, unknown>([["w", tensor]]);
  itself.set("self", itself);
  const found = flatten(
    new Map<string, unknown>([["own", own], ["wide", wide], ["model", itself], ["epoch", 3]]),
  );
  assertEquals([...found.tensors.keys()].slice(0, 2), ["model.w", "model.self.w"]);
  assertEquals([...found.unread.keys()], ["own", "wide", "model.self.self"]);
  assertEquals(found.others.get("epoch"), 3);
  assertThrows(() => flatten(new Map([["own", own]])), FormatError, "more than 32 levels deep");
});

Deno.test("readCheckpoint() says what a file is that it does not read", () => {
  const wrong = (bytes: Uint8Array) =>
    assertThrows(() => readCheckpoint(bytes), FormatError).message;
  assertStringIncludes(wrong(new Uint8Array()), "the file is empty");
  assertStringIncludes(wrong(text("version https://git-lfs.github.com/spec/v1\n")), "git lfs pull");
  assertStringIncludes(wrong(text("<html>not found</html>")), "neither a safetensors file nor");
  assertStringIncludes(wrong(new Uint8Array([0x1f, 0x8b, 8])), "unpack it first");
  const tar = new Uint8Array(512);
  tar.set(text("ustar"), 257);
  assertStringIncludes(wrong(tar), "unpack it first");
});

Deno.test("readCheckpoint() reads safetensors whose header is as long as a pickle's first bytes say", () => {
  const tensor = { dtype: "F32", shape: [1], data: Float32Array.of(2) } as const;
  for (const length of [640, 896, 1152, 1408]) {
    const bytes = (note: string) => writeSafetensors(new Map([["t", tensor]]), { note });
    const empty = new DataView(bytes("").buffer).getUint32(0, true);
    const file = bytes("x".repeat(length - empty));
    assertEquals(new DataView(file.buffer).getUint32(0, true), length);
    const { kind, value } = readCheckpoint(file);
    assertEquals(kind, "safetensors");
    assertEquals((value as Map<string, typeof tensor>).get("t")!.data, tensor.data);
  }
});
