/**
 * Exports every registered model with random weights and statistics as ONNX, as it is, folded and in float16, and keeps
 * what the engine makes of two images, for `tests/fixtures/check_onnx.py` to compare:
 *
 *     deno run -A tests/slow/onnx_files.ts FOLDER [MODEL...]
 *     python3 tests/fixtures/check_onnx.py FOLDER
 *
 * @module
 */
import { createModel, init, type Model, type ModelFamily, modelNames, tensor } from "../../mod.ts";
import { exportOnnx } from "../../src/export/export_onnx.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { endStep } from "../../src/tensor/scope.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { Generator } from "../../src/tensor/random.ts";

const SIZES: Readonly<Record<ModelFamily, number>> = { cifar: 32, imagenet: 64 };
const NORMALIZE = { mean: [0.49, 0.48, 0.45], std: [0.25, 0.24, 0.26] };
const CLASSES = 10;

const [folder, ...wanted] = Deno.args;
if (!folder) throw new Error("name the folder to write to");
Deno.mkdirSync(folder, { recursive: true });
const gpu = await init();

for (const family of ["cifar", "imagenet"] as const) {
  for (const name of modelNames(family)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const start = performance.now();
    manualSeed(1);
    const model = createModel(name, { family, numClasses: CLASSES }).eval();
    randomStatistics(model);
    await write(`${family}-${name}`, model, SIZES[family]);
    model.dispose();
    endStep();
    gpu.trim();
    console.log(`${family} ${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
}
Deno.exit(0);

/** Statistics and factors as training leaves them, so that folding has something to get wrong. */
function randomStatistics(model: Model): void {
  const random = new Generator(2);
  for (const [name, parameter] of model.stateDict()) {
    const from = (low: number, high: number) =>
      parameter.copy_(
        Float32Array.from(
          { length: parameter.numel },
          () => low + (high - low) * random.next(),
        ),
      );
    if (name.endsWith("running_var")) from(0.5, 2);
    else if (name.endsWith("running_mean")) from(-0.3, 0.3);
    else if (parameter.ndim === 1 && parameter.dtype === "float32") {
      if (name.endsWith("weight")) from(0.6, 1.2);
      else from(-0.2, 0.2);
    }
  }
}

async function write(name: string, model: Model, size: number): Promise<void> {
  const random = new Generator(3);
  const shape = [2, size, size, 3];
  const pixels = Uint8Array.from({ length: 2 * size * size * 3 }, () => 256 * random.next());
  const images = new Float32Array(pixels.length);
  for (let i = 0; i < images.length; i++) {
    const [image, channel, pixel] = [
      Math.floor(i / (3 * size * size)),
      Math.floor(i / (size * size)) % 3,
      i % (size * size),
    ];
    const value = pixels[(image * size * size + pixel) * 3 + channel];
    images[i] = (value / 255 - NORMALIZE.mean[channel]) / NORMALIZE.std[channel];
  }
  const input = tensor(images, [2, 3, size, size]);
  const logits = await noGrad(() => model.forward(input).logits).data();
  input.dispose();
  const imageShape = [3, size, size] as const;
  const variants = {
    kept: {},
    folded: { fold: true },
    pixels: { fold: true, normalize: NORMALIZE },
    float16: { fold: true, float16: true },
    batch2: { batch: 2 },
  };
  for (const [variant, options] of Object.entries(variants)) {
    const bytes = await exportOnnx(model, { imageShape, ...options });
    Deno.writeFileSync(`${folder}/${name}.${variant}.onnx`, bytes);
  }
  Deno.writeFileSync(`${folder}/${name}.pixels.bin`, pixels);
  Deno.writeFileSync(`${folder}/${name}.images.bin`, new Uint8Array(images.buffer));
  Deno.writeFileSync(
    `${folder}/${name}.logits.bin`,
    new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength),
  );
  Deno.writeTextFileSync(`${folder}/${name}.json`, JSON.stringify({ shape, classes: CLASSES }));
}
