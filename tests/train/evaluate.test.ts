import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { Batch, BatchSource } from "../../src/data/loading/batch.ts";
import { Model, type ModelOutput } from "../../src/models/model.ts";
import { createModel } from "../../src/models/registry.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { Linear } from "../../src/nn/linear.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Evaluator } from "../../src/train/evaluate.ts";
import { device, labels, values } from "../helpers.ts";

const gpu = await device();
const FULL = 4;
const IMAGE = 28 * 28;

/** Batches with so many images of four each; a loader that fails after them where told. */
function source(sizes: readonly number[], failure?: Error): BatchSource {
  const batch = (size: number, at: number): Batch => ({
    images: values(`images ${at}`, [FULL, 1, 28, 28]).fill(0, size * IMAGE),
    labels: labels(`labels ${at}`, FULL, 10).fill(0, size),
    indices: new Int32Array(FULL),
    size,
  });
  return {
    length: sizes.length,
    images: sizes.reduce((a, b) => a + b, 0),
    dataset: {
      ...{ name: "some/test", labels: new Int32Array(), length: FULL * sizes.length },
      ...{ channels: 1, height: 28, width: 28, classes: [], mean: [0], std: [1] },
    },
    aheadMilliseconds: 0,
    *epoch() {
      yield* sizes.map(batch);
      if (failure) throw failure;
    },
    close() {},
  };
}

function resnet8(): Model {
  manualSeed(3);
  return createModel("resnet8", { numClasses: 10, inChannels: 1 });
}

Deno.test("Evaluator.run() goes over batches of which no image is left", async () => {
  const model = resnet8();
  const evaluator = new Evaluator(gpu, model);
  const some = await evaluator.run(source([4, 3]));
  const more = await evaluator.run(source([4, 3, 0]));
  assertEquals([more!.loss, more!.top1, more!.top5], [some!.loss, some!.top1, some!.top5]);
  await assertRejects(
    () => evaluator.run(source([0, 0])),
    Error,
    "no image of some/test could be evaluated",
  );
  evaluator.dispose();
  model.dispose();
});

Deno.test("Evaluator keeps the recordings of two batch sizes, and every result right", async () => {
  const model = resnet8();
  const held = async (sizes: readonly number[]) => {
    await gpu.finished();
    const before = gpu.account.inUse;
    const seen: number[] = [];
    const evaluator = new Evaluator(gpu, model, (predicted) => seen.push(predicted.length));
    const { loss } = (await evaluator.run(source(sizes)))!;
    await gpu.finished();
    const bytes = gpu.account.inUse - before;
    evaluator.dispose();
    assertEquals(gpu.account.inUse, before);
    assertEquals(seen.toSorted(), sizes.toSorted());
    return { bytes, loss };
  };
  const two = await held([4, 4, 4, 1]);
  const many = await held([4, 3, 2, 1]);
  assertEquals(many.bytes, two.bytes);
  const late = await held([3, 4, 2, 1]);
  assertEquals(late.bytes, two.bytes);
  // The sums of batches of four, three, two and one, by four evaluations of one batch each.
  let sum = 0;
  for (const [at, size] of [4, 3, 2, 1].entries()) {
    const evaluator = new Evaluator(gpu, model);
    const alone = source([4, 3, 2, 1]);
    const one = { ...alone, epoch: () => [...alone.epoch(1) as Iterable<Batch>].slice(at, at + 1) };
    sum += size * (await evaluator.run(one))!.loss;
    evaluator.dispose();
  }
  assertAlmostEquals(many.loss, sum / 10, 1e-6 * many.loss);
  model.dispose();
});

Deno.test("Evaluator.run() leaves model and read-backs in order when the loader fails", async () => {
  const model = resnet8();
  model.train();
  const seen: number[] = [];
  const evaluator = new Evaluator(gpu, model, (predicted) => seen.push(predicted.length));
  const failing = source([4, 3], new Error("cannot decode cat.jpg"));
  await assertRejects(() => evaluator.run(failing), Error, "cannot decode cat.jpg");
  assert(model.training, "the model is in training mode again");
  assertEquals(seen, [4, 3]);
  const { loss } = (await evaluator.run(source([4, 3])))!;
  assert(loss > 0);
  assertEquals(seen, [4, 3, 4, 3]);
  evaluator.dispose();
  model.dispose();
});

Deno.test("Evaluator.run() gives scikit-learn's balanced accuracy where classes are not of one size", async () => {
  const fixture = new URL("../fixtures/data/mixing.json", import.meta.url);
  const { unbalanced } = JSON.parse(Deno.readTextFileSync(fixture));
  const labels: Int32Array = Int32Array.from(unbalanced.labels);
  const evaluator = new Evaluator(gpu, new Found());
  const found = (await evaluator.run(told(labels, unbalanced.predicted)))!;
  assertAlmostEquals(found.balancedAccuracy!, unbalanced.balancedAccuracy, 1e-9);
  const right = unbalanced.labels.filter((label: number, i: number) => {
    return label === unbalanced.predicted[i];
  });
  assertAlmostEquals(found.top1, 100 * right.length / labels.length, 1e-5);
  const again = (await evaluator.run(told(labels, unbalanced.predicted)))!;
  assertEquals(again.balancedAccuracy, found.balancedAccuracy);
  // A class without images counts nothing, and among classes of one size it is top-1.
  const even = (await evaluator.run(told(Int32Array.of(0, 0, 2, 2), [0, 1, 2, 2])))!;
  assertEquals([even.top1, even.balancedAccuracy], [75, undefined]);
  evaluator.dispose();
});

/** Finds the class that the pixels of an image [1, 1, 3] are the logits of. */
class Found extends Model {
  readonly fc = new Linear(3, 3);
  readonly stageChannels = [];

  get classifier(): Linear {
    return this.fc;
  }

  forward(x: Tensor): ModelOutput {
    const logits = x.reshape(-1, 3);
    return { logits, features: { feats: [], preactFeats: [], pooledFeat: logits } };
  }
}

/** Images in batches of eight that tell a class each. */
function told(labels: Int32Array, predicted: readonly number[]): BatchSource {
  const dataset = {
    ...{ name: "told/test", labels, length: labels.length, classes: ["a", "b", "c"] },
    ...{ channels: 1, height: 1, width: 3, mean: [0], std: [1] },
  };
  return {
    ...{
      length: 1,
      images: labels.length,
      batchSize: 8,
      dataset,
      aheadMilliseconds: 0,
      close() {},
    },
    *epoch() {
      for (let start = 0; start < labels.length; start += 8) {
        const size = Math.min(8, labels.length - start);
        const images = new Float32Array(8 * 3);
        for (let i = 0; i < size; i++) images[3 * i + predicted[start + i]] = 1;
        yield {
          ...{ images, size, indices: new Int32Array(8) },
          labels: Int32Array.from({ length: 8 }, (_, i) => labels[start + i] ?? 0),
        };
      }
    },
  };
}
