/**
 * Exports every registered model and one of every op, with random weights and statistics, as ONNX in several ways, and keeps
 * what the engine makes of two images, for `tests/fixtures/check_onnx.py` to compare:
 *
 *     deno run -A tests/slow/onnx_files.ts FOLDER [MODEL...]
 *     python3 tests/fixtures/check_onnx.py FOLDER
 *
 * @module
 */
import * as wkd from "../../mod.ts";
import { EVERY_OP_SIZE, EveryOp } from "../export/every_op.ts";
import { NORMALIZE, randomStatistics, VARIANTS } from "../export/variants.ts";

const SIZES: Readonly<Record<wkd.ModelFamily, number>> = { cifar: 32, imagenet: 64 };
const CLASSES = 10;

const [folder, ...wanted] = Deno.args;
if (!folder) throw new Error("name the folder to write to");
Deno.mkdirSync(folder, { recursive: true });
const gpu = await wkd.init();

for (const family of ["cifar", "imagenet"] as const) {
  for (const name of wkd.modelNames(family)) {
    const make = () => wkd.createModel(name, { family, numClasses: CLASSES });
    await write(`${family}-${name}`, name, make, [SIZES[family], SIZES[family]]);
  }
}
await write("every_op", "every_op", () => new EveryOp(), EVERY_OP_SIZE);
Deno.exit(0);

async function write(
  name: string,
  short: string,
  make: () => wkd.Model,
  [height, width]: readonly [number, number],
): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(short)) return;
  const start = performance.now();
  wkd.manualSeed(1);
  const model = make().eval();
  randomStatistics(model);
  const shape = [2, height, width, 3];
  const random = new wkd.Generator(3);
  const pixels = Uint8Array.from({ length: 6 * height * width }, () => 256 * random.next());
  const images = normalized(pixels, height * width);
  const input = wkd.tensor(images, [2, 3, height, width]);
  const logits = await wkd.noGrad(() => model.forward(input).logits).data();
  for (const [variant, options] of Object.entries(VARIANTS)) {
    const bytes = await wkd.exportOnnx(model, { imageShape: [3, height, width], ...options });
    Deno.writeFileSync(`${folder}/${name}.${variant}.onnx`, bytes);
  }
  for (const [what, data] of Object.entries({ pixels, images, logits })) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    Deno.writeFileSync(`${folder}/${name}.${what}.bin`, bytes);
  }
  Deno.writeTextFileSync(`${folder}/${name}.json`, JSON.stringify({ shape }));
  input.dispose();
  model.dispose();
  wkd.endStep();
  gpu.trim();
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

/** [N, H, W, C] as [N, C, H, W], normalised. */
function normalized(pixels: Uint8Array, plane: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(pixels, (_, i) => {
    const [image, channel] = [Math.floor(i / (3 * plane)), Math.floor(i / plane) % 3];
    const value = pixels[(image * plane + i % plane) * 3 + channel];
    return (value / 255 - NORMALIZE.mean[channel]) / NORMALIZE.std[channel];
  });
}
