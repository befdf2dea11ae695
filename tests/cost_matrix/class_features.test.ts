import { assertEquals, assertRejects } from "@std/assert";
import { classFeatures } from "../../src/cost_matrix/class_features.ts";
import { UserError } from "../../src/errors.ts";
import { createModel } from "../../src/models/registry.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { tinyDataset } from "../data/helpers.ts";
import { assertClose, device } from "../helpers.ts";

await device();

// The last feature map of resnet8 has 2 x 2 pixels.
const DATASET = tinyDataset(6, 2, 8);
const SAMPLES = 2;

async function resnet8<T>(use: (model: ReturnType<typeof createModel>) => Promise<T>): Promise<T> {
  manualSeed(2);
  const model = createModel("resnet8", {
    numClasses: 2,
    inChannels: DATASET.channels,
  });
  try {
    return await use(model.eval());
  } finally {
    model.dispose();
  }
}

async function read(model: ReturnType<typeof createModel>, position: number) {
  const { channels, height, width, mean, std } = DATASET;
  const size = channels * height * width;
  const bytes = DATASET.images.subarray(position * size, (position + 1) * size);
  const pixels = Float32Array.from(bytes, (byte) => (byte / 255 - mean[0]) / std[0]);
  const made: Tensor[] = scope(() =>
    noGrad(() => {
      const { logits, features } = model.forward(tensor(pixels, [1, channels, height, width]));
      return [logits, features.pooledFeat, features.feats.at(-1)!];
    })
  );
  const found = await Promise.all(made.map((each) => each.data()));
  const [, , map] = made;
  const [, dims, rows, columns] = map.shape;
  for (const each of made) each.dispose();
  // Pixel by pixel, the channels of each side by side.
  const byPixel = Array.from(
    { length: rows * columns },
    (_, p) => Array.from({ length: dims }, (_, c) => found[2][c * rows * columns + p]),
  );
  return { logits: [...found[0]], pooled: [...found[1]], features: byPixel.flat() };
}

for (const source of ["features", "pooled", "logits"] as const) {
  Deno.test(`classFeatures() takes ${source} of the first images of each class in order`, async () => {
    await resnet8(async (model) => {
      const { features, shape } = await classFeatures(model, DATASET, {
        source,
        samples: SAMPLES,
        batchSize: 3,
      });
      const [classes, samples, dims] = shape;
      const expected: number[] = [];
      for (let label = 0; label < 2; label++) {
        const own = [...DATASET.labels.keys()].filter((i) => DATASET.labels[i] === label);
        for (const at of own.slice(0, SAMPLES)) {
          expected.push(...(await read(model, at))[source] as number[]);
        }
      }
      assertEquals([classes, dims], [2, source === "logits" ? 2 : 64]);
      assertEquals(classes * samples * dims, expected.length);
      assertClose(features, expected, 1e-6);
    });
  });
}

Deno.test("classFeatures() says of too few images which class has them", async () => {
  await resnet8(async (model) => {
    await assertRejects(
      () => classFeatures(model, DATASET, { samples: 7 }),
      UserError,
      "--samples must be an integer from 1 to 6",
    );
  });
});
