import { assertEquals, assertThrows } from "@std/assert";
import { Dropout } from "../../src/nn/dropout.ts";
import { Linear } from "../../src/nn/linear.ts";
import { Module } from "../../src/nn/module.ts";
import { ModuleDict, ModuleList, ParameterList } from "../../src/nn/module_list.ts";
import { Parameter } from "../../src/nn/parameter.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { device, procedural } from "../helpers.ts";

await device();

const x = procedural("x", [2, 3]);

Deno.test("ModuleList, ModuleDict and ParameterList name what they hold as PyTorch does", () => {
  class Net extends Module {
    readonly layers = new ModuleList([new Linear(3, 4), new Linear(4, 2, { bias: false })]);
    readonly heads = new ModuleDict({ a: new Linear(2, 1) });
    readonly scales = new ParameterList([new Parameter([1, 2])]);
  }
  const net = new Net();
  net.layers.append(new Linear(2, 2, { bias: false }));
  assertEquals([...net.namedParameters().keys()], [
    ...["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.2.weight"],
    ...["heads.a.weight", "heads.a.bias", "scales.0"],
  ]);
  assertEquals([net.layers.length, [...net.layers].length, net.layers.at(-1).weight.shape], [
    ...[3, 3],
    [2, 2],
  ]);
  assertThrows(() => net.layers.at(3), RangeError, "no module 3 in a ModuleList of 3");
  assertThrows(() => net.heads.get("b"), RangeError, "no module b in a ModuleDict of a");
  net.dispose();
});

Deno.test("Module refuses modules and parameters in arrays, maps and plain objects", () => {
  const linear = () => new Linear(3, 3);
  const cases: [string, () => unknown, string][] = [
    ["an array", () => [linear()], "a ModuleList"],
    ["an array", () => [1, [linear()]], "a ModuleList"],
    ["an object", () => ({ a: { b: linear() } }), "a ModuleList"],
    ["a Map", () => new Map([["a", linear()]]), "a ModuleList"],
    ["a Set", () => new Set([linear()]), "a ModuleList"],
    ["an array", () => [new Parameter([1])], "a ParameterList"],
  ];
  for (const [kind, make, remedy] of cases) {
    class Net extends Module {
      readonly blocks = make();
    }
    const net = new Net();
    for (const use of [() => net.parameters(), () => net.stateDict(), () => net.train()]) {
      const error = assertThrows(use, Error, `inside of ${kind}, where it is not found`);
      assertEquals(error.message.startsWith("Net.blocks holds a"), true, error.message);
      assertEquals(error.message.includes(remedy), true, error.message);
    }
  }
});

Deno.test("Module allows lists of what has a field of its own, and of results", () => {
  class Net extends Module {
    readonly first = new Linear(3, 3);
    readonly all = [this.first];
    outputs: Tensor[] = [];
    forward(input: Tensor): Tensor {
      this.outputs = [this.first.forward(input)];
      return this.outputs[0];
    }
  }
  const net = new Net();
  net.forward(x);
  assertEquals(net.parameters().length, 2);
  net.forward(x).sum().backward();
  assertEquals(net.parameters().length, 2);
  net.dispose();
});

class Hidden extends Module {
  readonly #inner: Linear;
  readonly outer = new Linear(3, 3);
  constructor(inner: Linear) {
    super();
    this.#inner = inner;
  }
  forward(input: Tensor): Tensor {
    return this.outer.forward(this.#inner.forward(input));
  }
}

Deno.test("Module.forward() refuses a module of a #private field that would not be trained", () => {
  const inner = new Linear(3, 3);
  const net = new Hidden(inner);
  const message =
    "Linear, which Hidden.forward() uses, is not among the modules of Hidden, so its " +
    "parameters are not trained or saved; hold it in a field of its own or in a ModuleList";
  assertThrows(() => net.forward(x), Error, message);
  class Outer extends Module {
    readonly net = net;
    forward(input: Tensor): Tensor {
      return this.net.forward(input);
    }
  }
  assertThrows(() => new Outer().forward(x), Error, message);
  // A frozen one is a constant of whoever holds it, such as a teacher.
  inner.requiresGrad_(false);
  assertEquals(net.forward(x).shape, [2, 3]);
  assertEquals(new Outer().forward(x).shape, [2, 3]);
  net.dispose();
});

Deno.test("Module.forward() goes on looking when fields change", () => {
  class Net extends Module {
    readonly body = new Linear(3, 3);
    head: Linear = new Linear(3, 2);
    forward(input: Tensor): Tensor {
      return this.head.forward(this.body.forward(input));
    }
  }
  const net = new Net();
  assertEquals(net.forward(x).shape, [2, 2]);
  net.head = new Linear(3, 5);
  assertEquals(net.forward(x).shape, [2, 5]);
});

Deno.test("Module.forward() refuses a hidden module that eval() does not reach", () => {
  class Net extends Module {
    readonly #dropout = new Dropout(0.5, tensor(Uint32Array.of(1)));
    forward(input: Tensor): Tensor {
      return this.#dropout.forward(input);
    }
  }
  const net = new Net();
  assertEquals(net.forward(x).shape, [2, 3]);
  net.eval();
  assertThrows(() => noGrad(() => net.forward(x)), Error, "so eval() does not reach it");
});

Deno.test("Module.forward() lets modules be made and called on the spot", () => {
  class Identity extends Module {
    forward(input: Tensor): Tensor {
      return input;
    }
  }
  class Net extends Module {
    forward(input: Tensor): Tensor {
      return new Identity().forward(input);
    }
  }
  assertEquals(new Net().eval().forward(x).shape, [2, 3]);
});

Deno.test("Module.registerBuffer() makes state that is not trained", () => {
  class Net extends Module {
    declare readonly steps: Tensor;
    readonly weight = new Parameter([1, 2]);
    constructor() {
      super();
      this.registerBuffer("steps", tensor([0]));
    }
  }
  const net = new Net();
  assertEquals([...net.namedBuffers().keys()], ["steps"]);
  assertEquals([...net.namedParameters().keys()], ["weight"]);
  net.dispose();
});
