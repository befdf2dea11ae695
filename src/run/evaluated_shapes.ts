import type { FeatureShapes } from "../distill/definition.ts";
import type { Model } from "../models/model.ts";
import { noGrad } from "../tensor/autograd.ts";
import { zeros } from "../tensor/create.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Shapes of what a model makes of an input shape; nothing is computed, its state stays as it is. */
export function evaluatedShapes(model: Model, image: Shape): FeatureShapes {
  const training = model.training;
  model.eval();
  const { gpu } = model.classifier.weight;
  const shapes = gpu.dryRun(() =>
    noGrad(() => {
      const { features } = model.forward(zeros(image, { device: gpu }));
      const of = (tensors: readonly Tensor[]) => tensors.map(({ shape }) => shape);
      return {
        feats: of(features.feats),
        preactFeats: of(features.preactFeats),
        pooledFeat: features.pooledFeat.shape,
      };
    })
  );
  model.train(training);
  return shapes;
}
