import { assert, assertEquals } from "@std/assert";
import { BatchNorm2d } from "../../src/nn/batch_norm2d.ts";
import { Conv2d } from "../../src/nn/conv2d.ts";
import { Folding } from "../../src/nn/folding.ts";
import { Module } from "../../src/nn/module.ts";
import { ReLU } from "../../src/nn/activations.ts";
import { Sequential } from "../../src/nn/sequential.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertClose, device, procedural, values } from "../helpers.ts";

const gpu = await device();
const CHANNELS = 4;

/** A convolution and a normalisation with statistics that are not those of the start. */
function layers(name: string): { conv: Conv2d; norm: BatchNorm2d } {
  const conv = new Conv2d(CHANNELS, CHANNELS, { kernelSize: 3, padding: 1 });
  const norm = new BatchNorm2d(CHANNELS);
  const drawn = (of: string, about: number) =>
    values(`${name} ${of}`, [CHANNELS]).map((value) => about + value / 2);
  norm.weight.copy_(drawn("weight", 1));
  norm.bias.copy_(drawn("bias", 0));
  norm.running_mean.copy_(drawn("mean", 0));
  norm.running_var.copy_(drawn("variance", 1));
  return { conv, norm };
}

/** As somebody writes it who knows nothing of folding. */
class Block extends Module {
  readonly stem: Sequential;
  readonly conv: Conv2d;
  readonly norm: BatchNorm2d;

  constructor(readonly swapped = false) {
    super();
    const stem = layers("stem");
    this.stem = new Sequential(stem.conv, stem.norm, new ReLU());
    ({ conv: this.conv, norm: this.norm } = layers("block"));
  }

  forward(x: Tensor): { output: Tensor; hidden: Tensor } {
    const hidden = this.stem.forward(x);
    const branch = this.norm.forward(this.conv.forward(hidden));
    const both = this.swapped ? hidden.add(branch) : branch.add(hidden);
    return { output: both.relu(), hidden };
  }
}

async function compare(found: Tensor, expected: Tensor): Promise<void> {
  assertClose(await found.data(), await expected.data(), 2e-6);
}

Deno.test("Folding runs convolution, normalisation, addition and ReLU of any module in one kernel", async () => {
  const before = gpu.account.inUse;
  const block = new Block().eval();
  const x = procedural("x", [2, CHANNELS, 6, 6]);
  const folding = new Folding();
  const plain = noGrad(() => block.forward(x));
  let folded = plain;
  const recording = await gpu.record(() => {
    folded = noGrad(() => folding.run(() => block.forward(x)));
  });
  for (const each of Object.values(folded)) each.keep();
  assertEquals(recording.dispatches, 2);
  await compare(folded.output, plain.output);
  await compare(folded.hidden, plain.hidden);
  assertEquals(folding.stale, false);
  block.stem.layers[0].stateDict().get("weight")!.copy_(values("other", [4, 4, 3, 3]));
  assertEquals(folding.stale, true);
  folding.refresh();
  assertEquals(folding.stale, false);
  recording.replay();
  const other = noGrad(() => block.forward(x));
  await compare(folded.output, other.output);
  for (const each of [plain, folded, other]) {
    for (const tensor of Object.values(each)) tensor.dispose();
  }
  recording.dispose();
  folding.dispose();
  for (const each of [block, x]) each.dispose();
  assertEquals(gpu.account.inUse, before);
});

Deno.test("Folding adds a shortcut from either side", () => {
  const block = new Block(true).eval();
  const x = procedural("x", [2, CHANNELS, 6, 6]);
  const folding = new Folding();
  const names: string[] = [];
  const { dispatch } = gpu;
  gpu.dispatch = (kernel, options) => {
    names.push(kernel.name);
    dispatch.call(gpu, kernel, options);
  };
  try {
    scope(() => noGrad(() => folding.run(() => void block.forward(x).output.storage)));
  } finally {
    gpu.dispatch = dispatch;
  }
  assertEquals(names.filter((name) => !/fold|pack/.test(name)), Array(2).fill("conv2d_generic"));
  for (const each of [block, x, folding]) each.dispose();
});

Deno.test("Folding computes an output that something beside a normalisation takes", async () => {
  const { conv, norm } = layers("shared");
  norm.eval();
  const x = procedural("x", [2, CHANNELS, 6, 6]);
  const forward = () => {
    const hidden = conv.forward(x);
    return [hidden, norm.forward(hidden), norm.forward(hidden.mul(2))];
  };
  const folding = new Folding();
  const [plain, folded] = [noGrad(forward), noGrad(() => folding.run(forward))];
  for (const [i, each] of folded.entries()) await compare(each, plain[i]);
  for (const each of [...plain, ...folded, conv, norm, x, folding]) each.dispose();
});

Deno.test("Folding leaves a step with gradients and normalisation in training as they are", async () => {
  const { conv, norm } = layers("training");
  const x = procedural("x", [2, CHANNELS, 6, 6]);
  const folding = new Folding();
  const forward = () => norm.forward(conv.forward(x));
  const results = scope(() => {
    norm.eval();
    const tracked = folding.run(forward);
    assert(tracked.requiresGrad);
    norm.train();
    const mean = norm.running_mean;
    const trained = noGrad(() => folding.run(forward));
    return { tracked, trained, mean: mean.mul(1), expected: forward() };
  });
  assertEquals(await results.trained.data(), await results.expected.data());
  for (const each of [...Object.values(results), conv, norm, x, folding]) each.dispose();
});

Deno.test("Folding frees a convolution that nobody asked for", () => {
  const { conv, norm } = layers("unused");
  const x = procedural("x", [2, CHANNELS, 6, 6]);
  const before = gpu.account.inUse;
  const folding = new Folding();
  noGrad(() => folding.run(() => void conv.forward(x)));
  folding.dispose();
  assertEquals(gpu.account.inUse, before);
  for (const each of [conv, norm, x]) each.dispose();
});
