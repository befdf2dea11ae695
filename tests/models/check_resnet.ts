import { assert } from "@std/assert";
import type { Model } from "../../src/models/model.ts";
import { BatchNorm2d } from "../../src/nn/batch_norm2d.ts";
import type { Module } from "../../src/nn/module.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { labels, values } from "../helpers.ts";
import { checkModel, type DistantGradient } from "./check_model.ts";
import { Float64ResNet } from "./float64_resnet.ts";
import { ModelFigures, modelState } from "./reference.ts";

/** The reference figures of CIFAR's ResNets. */
export const RESNETS = new ModelFigures("models_resnet");

/** Fails unless a ResNet of CIFAR has PyTorch's outputs and gradients. */
export async function checkResNet(name: string): Promise<void> {
  const outputs = new Map<string, Tensor>();
  await checkModel(RESNETS, name, {}, {
    watch: (model) => void watchNorms(model, outputs),
    judge: (model, distant) => judgeByTwin(name, model, distant, outputs),
  });
}

/**
 * In a deep model a float32 pre-activation a few 1e-6 from zero may fall on the other side than in float64 and move
 * norms by more than 1e-3; such a gradient must then agree to 1e-4 with a float64 model whose ReLUs let through what
 * they let through here.
 */
async function judgeByTwin(
  name: string,
  model: Model,
  distant: readonly DistantGradient[],
  outputs: ReadonlyMap<string, Tensor>,
): Promise<void> {
  const { input, shape, labels: target, train } = RESNETS.cases[name];
  const masks = await readAll(outputs, (output) => output);
  const twin = new Float64ResNet(modelState(name, model.stateDict()), masks)
    .run(values(input, shape, 1.7), shape, labels(target, 4, 100));
  assert(twin.flips.length > 0 && twin.flips.length <= 10, `${twin.flips.length} ReLUs differ`);
  for (const { at, preactivation } of twin.flips) {
    assert(Math.abs(preactivation) < 5e-5, `${at}: ${preactivation} is not near zero`);
  }
  for (const { key, l2 } of distant) {
    const expected = twin.gradientNorms.get(key) ?? train.grads[key].l2;
    const off = Math.abs(l2 - expected);
    assert(off <= 1e-4 * expected, `${key}: gradient norm ${l2}, not ${expected}`);
  }
}

async function readAll(
  tensors: ReadonlyMap<string, Tensor>,
  pick: (tensor: Tensor) => Tensor,
): Promise<Map<string, ArrayLike<number>>> {
  return new Map(
    await Promise.all(
      [...tensors].map(async ([key, tensor]) => [key, await pick(tensor).data()] as const),
    ),
  );
}

/** Outputs of all batch norms from the next forward on, by name. */
function watchNorms(
  module: Module,
  outputs: Map<string, Tensor> = new Map(),
  path = "",
): Map<string, Tensor> {
  for (const [name, child] of module.namedChildren()) {
    watchNorms(child, outputs, `${path}${name}.`);
    if (!(child instanceof BatchNorm2d)) continue;
    const forward = child.forward.bind(child);
    child.forward = (x, epilogue) => {
      const output = forward(x, epilogue);
      outputs.set(path + name, output);
      return output;
    };
  }
  return outputs;
}
