import type { BatchSource } from "../data/batch.ts";
import type { Model } from "../models/model.ts";
import { type EvaluateOptions, Evaluator } from "./evaluate.ts";
import type { TestMetrics } from "./events.ts";

/**
 * Loss, top-1 and top-5 of a model over all images of a loader; null when it was stopped. The model is left in the mode it
 * was in.
 *
 * @throws Error where no image can be decoded, or the loader fails.
 */
export async function evaluate(
  model: Model,
  loader: BatchSource,
  options: EvaluateOptions = {},
): Promise<TestMetrics | null> {
  const evaluator = new Evaluator(model.classifier.weight.gpu, model);
  try {
    return await evaluator.run(loader, options);
  } finally {
    evaluator.dispose();
  }
}
