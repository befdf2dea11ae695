import { WKD } from "../src/distill/wkd.ts";
import type { Model } from "../src/models/model.ts";
import { createModel } from "../src/models/registry.ts";
import { CostKernel } from "../src/ops/sinkhorn/cost_kernel.ts";
import { noGrad } from "../src/tensor/autograd.ts";
import { zeros } from "../src/tensor/create.ts";
import { scope } from "../src/tensor/scope.ts";
import type { Shape } from "../src/tensor/shape.ts";

/** Which parts of WKD are measured, between which networks, on what images. */
export interface WkdSetting {
  readonly teacher: string;
  readonly student: string;
  /** WKD-L. */
  readonly logit: boolean;
  /** WKD-F. */
  readonly feature: boolean;
  readonly classes: number;
  /** `[channels, height, width]` */
  readonly image: readonly number[];
}

/** WKD with untrained networks and a cost of 0.7 between classes, of the size of the authors' CIFAR settings. */
export function wkdOf({ teacher, student, ...rest }: WkdSetting): WKD {
  const { classes, image } = rest;
  const model = (name: string) => createModel(name, { numClasses: classes, inChannels: image[0] });
  const studentModel = model(student);
  return wkdBetween(studentModel, model(teacher).requiresGrad_(false).eval(), rest);
}

/** The same between networks that are there. */
export function wkdBetween(
  studentModel: Model,
  teacherModel: Model,
  { logit, feature, classes, image }: Omit<WkdSetting, "teacher" | "student">,
): WKD {
  const cost = Float32Array.from(
    { length: classes ** 2 },
    (_, i) => i % (classes + 1) === 0 ? 0 : 0.7,
  );
  const shape = [1, ...image];
  return new WKD(studentModel, teacherModel, {
    ceWeight: 1,
    cosineDecayEpoch: 150,
    logit: logit
      ? { weight: 50, temperature: 4, iterations: 10, cost: new CostKernel(cost, classes) }
      : null,
    feature: feature
      ? {
        weight: 0.2,
        hintLayer: -1,
        meanCovRatio: 4,
        projector: "conv1x1",
        grid: 1,
        eps: 1e-5,
        studentShapes: featureShapes(studentModel, shape),
        teacherShapes: featureShapes(teacherModel, shape),
      }
      : null,
  });
}

/** Shapes of a network's features, without what a run needs to know of them, which wants packages. */
function featureShapes(model: Model, image: Shape): Shape[] {
  const { training, classifier: { weight: { gpu } } } = model;
  model.eval();
  const shapes = gpu.dryRun(() =>
    noGrad(() =>
      scope(() => {
        const { features } = model.forward(zeros(image, { device: gpu }));
        return features.feats.map(({ shape }) => shape);
      })
    )
  );
  model.train(training);
  return shapes;
}
