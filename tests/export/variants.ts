import { Generator, type Model } from "../../mod.ts";
import type { ExportOnnxOptions } from "../../src/export/export_onnx.ts";

/** Mean and deviation of pixels, in units of 255. */
export const NORMALIZE = { mean: [0.49, 0.48, 0.45], std: [0.25, 0.24, 0.26] };

/** The ways in which models are written for `tests/fixtures/check_onnx.py`. */
export const VARIANTS: Readonly<Record<string, Partial<ExportOnnxOptions>>> = {
  kept: {},
  folded: { fold: true },
  pixels: { fold: true, normalize: NORMALIZE },
  batch2: { batch: 2 },
  float16: { fold: true, float16: true },
};

/** Gives a model statistics and factors as training leaves them, so that folding has something to get wrong. */
export function randomStatistics(model: Model): void {
  const random = new Generator(2);
  const ranges = [
    [/running_var$/, 0.5, 2],
    [/running_mean$/, -0.3, 0.3],
    [/weight$/, 0.6, 1.2],
    [/bias$/, -0.2, 0.2],
  ] as const;
  for (const [name, tensor] of model.stateDict()) {
    const range = ranges.find(([pattern]) => pattern.test(name));
    if (!range || tensor.ndim !== 1 || tensor.dtype !== "float32") continue;
    const [, low, high] = range;
    const values = Float32Array.from(
      { length: tensor.numel },
      () => low + (high - low) * random.next(),
    );
    tensor.copy_(values);
  }
}
