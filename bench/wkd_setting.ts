import { WKD } from "../src/distill/wkd.ts";
import { createModel } from "../src/models/registry.ts";
import { CostKernel } from "../src/ops/sinkhorn/cost_kernel.ts";
import { featureShapes } from "../src/run/build_distiller.ts";

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
export function wkdOf({ teacher, student, logit, feature, classes, image }: WkdSetting): WKD {
  const model = (name: string) => createModel(name, { numClasses: classes, inChannels: image[0] });
  const studentModel = model(student);
  const teacherModel = model(teacher).requiresGrad_(false).eval();
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
        studentShapes: featureShapes(studentModel, shape).feats,
        teacherShapes: featureShapes(teacherModel, shape).feats,
      }
      : null,
  });
}
