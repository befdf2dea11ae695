import { assertEquals, assertThrows } from "@std/assert";
import { BatchNorm2d } from "../../src/nn/batch_norm2d.ts";
import { Conv2d } from "../../src/nn/conv2d.ts";
import { Linear } from "../../src/nn/linear.ts";
import { Module, type StateEntry } from "../../src/nn/module.ts";
import { ReLU } from "../../src/nn/activations.ts";
import { Sequential } from "../../src/nn/sequential.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { device, values } from "../helpers.ts";

const gpu = await device();

class Net extends Module {
  readonly features = new Sequential<Conv2d | BatchNorm2d | ReLU>(
    new Conv2d(2, 4, { kernelSize: 3, bias: false }),
    new BatchNorm2d(4),
    new ReLU(),
  );
  readonly fc = new Linear(4, 3);
}

const PARAMETERS = [
  "features.0.weight",
  "features.1.weight",
  "features.1.bias",
  "fc.weight",
  "fc.bias",
];
const BUFFERS = [
  "features.1.running_mean",
  "features.1.running_var",
  "features.1.num_batches_tracked",
];
const ALL = [...PARAMETERS.slice(0, 3), ...BUFFERS, ...PARAMETERS.slice(3)];

function entriesOf(state: ReadonlyMap<string, Tensor>): Map<string, StateEntry> {
  return new Map(
    [...state].map(([name, { shape }]) => [name, { shape, data: values(name, shape) }]),
  );
}

Deno.test("Module names parameters and buffers as PyTorch does, in its order", () => {
  const net = new Net();
  assertEquals([...net.stateDict().keys()], ALL);
  assertEquals([...net.namedParameters().keys()], PARAMETERS);
  assertEquals([...net.namedBuffers().keys()], BUFFERS);
  assertEquals(net.parameterCount(), 4 * 2 * 9 + 4 + 4 + 12 + 3);
  net.dispose();
});

Deno.test("Module.requiresGrad_() freezes parameters, which stay parameters", () => {
  const net = new Net().requiresGrad_(false);
  assertEquals(net.parameters().map((each) => each.requiresGrad), PARAMETERS.map(() => false));
  assertEquals([...net.namedParameters().keys()], PARAMETERS);
  assertEquals([...net.namedBuffers().keys()], BUFFERS);
  net.requiresGrad_(true);
  const state = net.stateDict();
  for (const name of PARAMETERS) assertEquals(state.get(name)!.requiresGrad, true, name);
  for (const name of BUFFERS) assertEquals(state.get(name)!.requiresGrad, false, name);
  net.dispose();
});

Deno.test("Module.train() and eval() reach every child", () => {
  const net = new Net();
  const modes = () => [...new Set([...net.modules()].map((module) => module.training))];
  assertEquals(modes(), [true]);
  assertEquals(net.eval(), net);
  assertEquals(modes(), [false]);
  net.train();
  assertEquals(modes(), [true]);
  net.dispose();
});

Deno.test("Module.loadStateDict() loads everything by name", async () => {
  const net = new Net();
  const entries = entriesOf(net.stateDict());
  entries.set("features.1.num_batches_tracked", { shape: [], data: Float32Array.of(41) });
  const report = net.loadStateDict(entries);
  assertEquals(report, { applied: ALL, missing: [], unexpected: [], wrongShape: [] });
  for (const [name, tensor] of net.stateDict()) {
    assertEquals([...await tensor.data()], [...entries.get(name)!.data], name);
  }
  net.dispose();
});

Deno.test("Module.loadStateDict() refuses what does not fit and loads nothing", async () => {
  const net = new Net();
  const before = await net.fc.bias!.data();
  const entries = entriesOf(net.stateDict());
  entries.delete("features.0.weight");
  entries.set("extra.weight", { shape: [1], data: new Float32Array(1) });
  entries.set("fc.weight", { shape: [4, 3], data: new Float32Array(12) });
  const error = assertThrows(() => net.loadStateDict(entries), Error);
  for (const part of ["features.0.weight", "extra.weight", "fc.weight is [4, 3], not [3, 4]"]) {
    assertEquals(error.message.includes(part), true, `${error.message} lacks ${part}`);
  }
  assertEquals(await net.fc.bias!.data(), before);
  net.dispose();
});

Deno.test("Module.loadStateDict() lists the first few problems only", () => {
  const net = new Net();
  const error = assertThrows(() => net.loadStateDict(new Map()), Error);
  assertEquals(error.message.includes("and 5 more"), true, error.message);
  net.dispose();
});

Deno.test("Module.loadStateDict() without strict loads what fits and tells the rest", async () => {
  const net = new Net();
  const entries = entriesOf(net.stateDict());
  entries.delete("features.0.weight");
  entries.set("extra.weight", { shape: [1], data: new Float32Array(1) });
  entries.set("fc.weight", { shape: [4, 3], data: new Float32Array(12) });
  entries.set("features.1.num_batches_tracked", { shape: [1], data: Float32Array.of(9) });
  const report = net.loadStateDict(entries, { strict: false });
  assertEquals(report.missing, ["features.0.weight"]);
  assertEquals(report.unexpected, ["extra.weight"]);
  assertEquals(report.wrongShape.length, 2);
  assertEquals(report.applied.length, ALL.length - 3);
  assertEquals(await net.fc.bias!.data(), entries.get("fc.bias")!.data);
  assertEquals(await net.features.stateDict().get("1.num_batches_tracked")!.item(), 0);
  net.dispose();
});

Deno.test("Module.toString() names the class and its size", () => {
  const net = new Net();
  assertEquals(String(net), "Net(95 parameters)");
  net.dispose();
});

Deno.test("Module.dispose() frees parameters and buffers", () => {
  const before = gpu.account.inUse;
  const net = new Net();
  net.dispose();
  assertEquals(gpu.account.inUse, before);
});
