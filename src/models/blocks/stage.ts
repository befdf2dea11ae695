import type { Linear } from "../../nn/linear.ts";
import { type Layer, Sequential } from "../../nn/sequential.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ModelOutput } from "../model.ts";
import { wantsPreact } from "../wanted_features.ts";
import { globalAverage } from "./global_average.ts";

/** The output of a layer that ends with ReLU, and what went into the ReLU. */
export interface PreactOutput {
  /** Behind the ReLU. */
  readonly output: Tensor;
  /** Before it. */
  readonly preact: Tensor;
}

/** A layer that ends with ReLU. */
type PreactLayer = Layer & { forwardWithPreact(x: Tensor): PreactOutput };

/** Layers whose result is a feature; the last ends with ReLU. */
export class Stage<L extends PreactLayer = PreactLayer> extends Sequential {
  readonly #before: readonly Layer[];
  readonly #last: L;

  /** All layers but the last, and the last. */
  constructor(before: readonly Layer[], last: L) {
    super(...before, last);
    this.#before = before;
    this.#last = last;
  }

  /** The last layer. */
  get last(): L {
    return this.#last;
  }

  /** The output behind and before its last ReLU. */
  forwardWithPreact(x: Tensor): PreactOutput {
    for (const layer of this.#before) x = layer.forward(x);
    return this.#last.forwardWithPreact(x);
  }
}

/** What {@linkcode runStages} makes. */
interface StagesOutput {
  /** The last feature. */
  readonly output: Tensor;
  /** The given one and the output of every stage. */
  readonly feats: readonly Tensor[];
  /** The given one and the outputs before their last ReLU; empty within `withoutPreact()`. */
  readonly preactFeats: readonly Tensor[];
}

/** Runs stages one after the other behind `stem`; `x` is what the first takes, `stem` itself by default. */
export function runStages(stem: Tensor, stages: readonly Stage[], x: Tensor = stem): StagesOutput {
  const feats = [stem];
  const preactFeats = wantsPreact() ? [stem] : [];
  for (const stage of stages) {
    if (!wantsPreact()) {
      x = stage.forward(x);
      feats.push(x);
      continue;
    }
    const { output, preact } = stage.forwardWithPreact(x);
    feats.push(output);
    preactFeats.push(preact);
    x = output;
  }
  return { output: x, feats, preactFeats };
}

/** What a model returns whose classifier takes the mean of its last stage over space; stages run as {@linkcode runStages} says. */
export function classifyStages(
  classifier: Linear,
  stem: Tensor,
  stages: readonly Stage[],
  x: Tensor = stem,
): ModelOutput {
  const { output, feats, preactFeats } = runStages(stem, stages, x);
  const pooledFeat = globalAverage(output);
  const logits = classifier.forward(pooledFeat);
  return { logits, features: { feats, preactFeats, pooledFeat } };
}
