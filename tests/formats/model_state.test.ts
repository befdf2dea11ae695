import { assertEquals, assertThrows } from "@std/assert";
import { FormatError } from "../../src/formats/format_error.ts";
import { modelState } from "../../src/formats/model_state.ts";
import { readCheckpoint } from "../../src/formats/read_checkpoint.ts";
import { type SafetensorsTensor, writeSafetensors } from "../../src/formats/safetensors.ts";

const tensor: SafetensorsTensor = { dtype: "F32", shape: [1], data: new Float32Array([1]) };

function dict(...names: string[]): Map<string, unknown> {
  return new Map(names.map((name) => [name, tensor]));
}

function found(value: unknown) {
  const { tensors, path, leftOut } = modelState(value);
  return { names: [...tensors.keys()], path, leftOut };
}

Deno.test("modelState() finds bare, wrapped and nested state dicts", () => {
  const names = ["a.weight", "b"];
  assertEquals(found(dict(...names)), { names, path: "", leftOut: [] });
  for (const key of ["model", "state_dict", "net", "student"]) {
    const value = new Map<string, unknown>([["best_acc", tensor], [key, dict(...names)]]);
    assertEquals(found(value), { names, path: key, leftOut: ["best_acc"] });
  }
  const twice = new Map([["model", new Map([["state_dict", dict(...names)]])]]);
  assertEquals(found(twice), { names, path: "model.state_dict", leftOut: [] });
  const parts = new Map([["a", dict("weight")], ["optimizer", dict("x")]]);
  assertEquals(found(parts), { names: ["a.weight"], path: "", leftOut: ["optimizer"] });
  assertEquals(found(new Map([["model", "resnet8"], ...dict("a")])).names, ["a"]);
});

Deno.test("modelState() takes prefixes away, and the student out of a distiller", () => {
  const plain = ["conv.weight", "fc.bias"];
  for (const prefix of ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.module."]) {
    assertEquals(found(dict(...plain.map((name) => prefix + name))).names, plain);
  }
  assertEquals(found(dict("layer._orig_mod.conv.weight")).names, ["layer.conv.weight"]);
  const distiller = dict(
    "module.student.module.conv.weight",
    "module.teacher.fc",
    "module.conv_reg.w",
  );
  assertEquals(found(new Map([["model", distiller]])), {
    names: ["conv.weight"],
    path: "model.student",
    leftOut: ["teacher", "conv_reg"],
  });
  const wrong = dict("a", "module.a");
  assertThrows(() => modelState(wrong), FormatError, 'it holds the tensor "a" twice');
});

Deno.test("modelState() takes the student out of our safetensors, without the optimiser", () => {
  const names = ["student.a", "conv_reg.b", "optimizer.momentum_buffer.0", "totals"];
  const bytes = writeSafetensors(dict(...names) as Map<string, SafetensorsTensor>);
  const state = found(readCheckpoint(bytes).value);
  assertEquals([state.names, state.path], [["a"], "student"]);
  assertEquals(state.leftOut.toSorted(), ["conv_reg", "optimizer", "totals"]);
});

Deno.test("modelState() says where there is no model", () => {
  const refused = (value: unknown, message: string) =>
    assertThrows(() => modelState(value), FormatError, message);
  refused(tensor, "a single tensor, not a model");
  refused(new Map([["epoch", 3]]), "there are no tensors in it");
  refused([1, 2], "there are no tensors in it");
  refused(null, "there are no tensors in it");
});
