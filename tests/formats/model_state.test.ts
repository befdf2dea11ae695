import { assert, assertEquals, assertThrows } from "@std/assert";
import { FormatError } from "../../src/formats/format_error.ts";
import { modelState, stateUnder } from "../../src/formats/model_state.ts";
import { readCheckpoint } from "../../src/formats/read_checkpoint.ts";
import {
  type SafetensorsTensor,
  writeSafetensors,
} from "../../src/formats/safetensors/safetensors.ts";

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

/** A model of three tensors, by names with something before them. */
function named(...prefixes: string[]): Map<string, unknown> {
  return dict(...prefixes.flatMap((prefix) => MODEL.map((name) => prefix + name)));
}

const MODEL = ["conv.weight", "layer.0.weight", "fc.bias"];

function fitsModel(shapes: ReadonlyMap<string, readonly number[]>): boolean {
  return shapes.size === MODEL.length && MODEL.every((name) => shapes.has(name));
}

function fitted(value: unknown) {
  const state = modelState(value, fitsModel);
  assertEquals([...state.tensors.keys()].toSorted(), MODEL.toSorted());
  return { path: state.path, others: state.alternatives };
}

Deno.test("modelState() finds what fits behind whatever wraps it or stands before its names", () => {
  const under = (path: string, ...prefixes: string[]) => {
    let value: unknown = named(...prefixes);
    for (const key of path.split("/").toReversed()) {
      if (key) value = new Map([["epoch", 3], [key, value]] as [string, unknown][]);
    }
    return fitted(value).path;
  };
  for (const key of ["model_ema", "state_dict_ema", "ema_state_dict", "ema", "weights", "params"]) {
    assertEquals(under(key, ""), key);
    assertEquals(under(`${key}/module`, ""), `${key}.module`);
  }
  assertEquals(under("my_wrapper", ""), "my_wrapper");
  assertEquals(under("a/b/c", "module.net."), "a.b.c.module.net");
  assertEquals(under("state_dict", "model."), "state_dict.model");
  assertEquals(under("state_dict", "model._orig_mod.module."), "state_dict.model.module");
  assertEquals(under("", "_forward_module.model."), "model");
  assertEquals(under("", "encoder._orig_mod._orig_mod."), "encoder");
  const inside = dict("conv.weight", "layer.0._checkpoint_wrapped_module.weight", "fc.bias");
  assertEquals(fitted(inside).path, "");
  const parts = dict("backbone.conv.weight", "backbone.layer.0.weight", "head.fc.bias");
  assertEquals(fitted(new Map([["state_dict", parts]])).path, "state_dict.backbone+head");
});

Deno.test("modelState() takes the model before averages of it, and a student before a teacher", () => {
  const both = new Map([["model_ema", named("")], ["model", named("")], ["optimizer", named("")]]);
  // Each has tensors of its own in a file.
  const fresh = (value: Map<string, unknown>): Map<string, unknown> =>
    new Map([...value].map(([key, child]) => [
      key,
      child instanceof Map ? fresh(child) : { ...child as SafetensorsTensor },
    ]));
  assertEquals(fitted(fresh(both)), { path: "model", others: ["model_ema"] });
  const odd = new Map([["ema_weights_of_it", named("")], ["my_net", named("")]]);
  assertEquals(fitted(fresh(odd)), { path: "my_net", others: ["ema_weights_of_it"] });
  const pair = fresh(named("teacher_net.", "student_net."));
  assertEquals(fitted(pair), { path: "student_net", others: ["teacher_net"] });
  const lightning = new Map([[
    "state_dict",
    fresh(
      new Map([
        ...named("model.", "model_ema."),
        ...dict("criterion.weight"),
      ]),
    ),
  ]]);
  assertEquals(fitted(lightning), {
    path: "state_dict.model",
    others: ["state_dict.model_ema"],
  });
});

Deno.test("stateUnder() takes what is asked for, and says what there is", () => {
  const value = new Map([["model", named("")], ["model_ema", named("module.")]]);
  const { tensors, path } = stateUnder(value, "model_ema.module");
  assertEquals([[...tensors.keys()], path], [MODEL, "model_ema.module"]);
  assertThrows(
    () => stateUnder(value, "ema"),
    FormatError,
    'it holds no tensors under "ema"; there are some under model, model_ema',
  );
});

Deno.test("modelState() looks at a bounded number of places", () => {
  const names = Array.from({ length: 200_000 }, (_, i) => `a${i}.b.c.weight`);
  const start = performance.now();
  const value = new Map(names.map((name) => [name, tensor]));
  assertEquals(modelState(value, fitsModel).tensors.size, names.length);
  assert(performance.now() - start < 8000);
});
