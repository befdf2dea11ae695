import { assertEquals, assertThrows } from "@std/assert";
import { flatten } from "../../../src/formats/flatten.ts";
import { FormatError } from "../../../src/formats/format_error.ts";
import { modelState, stateNote } from "../../../src/formats/model_state.ts";
import { readTorch } from "../../../src/formats/torch/read_torch.ts";
import { toFloat32 } from "../../../src/formats/safetensors/safetensors.ts";
import { fixture, notFilled } from "../pth.ts";

/** What lies beside the model and is not read, as torch's files of two protocols and formats name it. */
const UNREAD: Readonly<Record<string, string>> = {
  args: "argparse.Namespace",
  complex: "complex",
  complex_tensor: "a tensor of complex64",
  conjugate: "a negated or conjugated tensor",
  quantized: "a quantized tensor",
  sparse: "a sparse tensor",
  meta: "a tensor without numbers, on the device meta",
  generator: "torch._C.Generator",
  numpy_complex: "a NumPy array or number",
  date: "datetime.date",
  path: "pathlib.PurePosixPath",
  enum: "__main__.Color",
  partial: "functools.partial",
  deque: "collections.deque",
  dataclass: "__main__.Settings",
  list_class: "__main__.Named",
  keyword_only: "__main__.KeywordOnly",
  module: "torch.nn.modules.linear.Linear",
  optimizer: "torch.optim.sgd.SGD",
  scheduler: "torch.optim.lr_scheduler.StepLR",
  config: "__main__.EasyDict",
  "config.data": "__main__.EasyDict",
};

for (const name of ["beside.pth", "beside4.pth", "beside_legacy.pth"]) {
  Deno.test(`${name}: the model is read whatever lies beside it, which is named`, () => {
    const { value } = readTorch(fixture(name));
    const { tensors, others, unread } = flatten(value);
    const kinds = Object.fromEntries([...unread].map(([path, { kind }]) => [path, kind]));
    // Protocol 2 has no opcode for it and calls functools.partial.
    const keyword = name === "beside4.pth" ? UNREAD.keyword_only : "functools.partial";
    assertEquals(kinds, { ...UNREAD, keyword_only: keyword });
    assertEquals([others.get("epoch"), others.get("config.data.name")], [3, "cifar"]);
    for (const path of ["numpy_objects", "numpy_texts"]) {
      assertEquals(String(others.get(path)), "a NumPy array, not read");
    }
    assertEquals([...tensors.get("fortran")!.data as Float64Array], [1, 2, 3, 4]);
    assertEquals([...tensors.get("big_endian")!.data as Float32Array], [1, 2]);
    const state = modelState(value);
    assertEquals([state.path, state.tensors.size], ["model", 8]);
    assertEquals(notFilled(state.tensors, "tiny."), []);
    assertEquals(
      stateNote(state),
      "left out, as it is not read: args (argparse.Namespace), complex (complex), " +
        "complex_tensor (a tensor of complex64), conjugate (a negated or conjugated tensor), and 18 more",
    );
  });
}

Deno.test("modelState() says how to save a model that was saved whole", () => {
  const { value } = readTorch(fixture("whole_module.pth"));
  assertThrows(
    () => modelState(value),
    FormatError,
    "it holds no model: there are no tensors in it beside torch.nn.modules.linear.Linear; " +
      "of objects of other classes, whole models too, nothing is read: save model.state_dict() instead",
  );
});

Deno.test("readTorch() reads PyTorch's numbers of 8 bits", () => {
  const { tensors } = flatten(readTorch(fixture("float8.pth")).value);
  assertEquals([...tensors].map(([name, { dtype }]) => [name, dtype]), [
    ["model.float8_e4m3fn", "F8_E4M3"],
    ["model.float8_e5m2", "F8_E5M2"],
  ]);
  for (const tensor of tensors.values()) assertEquals([...toFloat32(tensor)], [1.5, -2]);
});

Deno.test("readTorch() opens a zip with bytes behind it, as torch.load does", () => {
  const plain = fixture("student_best.pth");
  const fake = Uint8Array.from([0x50, 0x4b, 5, 6, ...new Array(40).fill(0)]);
  for (const behind of [new Uint8Array(1), new Uint8Array(1 << 20), fake, plain]) {
    const bytes = new Uint8Array([...plain, ...behind]);
    assertEquals(notFilled(modelState(readTorch(bytes).value).tensors, "tiny."), []);
  }
  const cut = plain.slice(0, -30);
  assertThrows(() => readTorch(cut), FormatError, "no directory at its end");
});
