import type { Config } from "../config/config.ts";
import type { ImageDataset } from "../data/image_dataset.ts";
import type { Distiller } from "../distill/distiller.ts";
import { KD } from "../distill/kd.ts";
import { Vanilla } from "../distill/vanilla.ts";
import { WKD, type WKDFeatureOptions, type WKDLogitOptions } from "../distill/wkd.ts";
import type { Model } from "../models/model.ts";
import { createModel } from "../models/registry.ts";
import { CostKernel } from "../ops/sinkhorn/cost_kernel.ts";
import { noGrad } from "../tensor/autograd.ts";
import { zeros } from "../tensor/create.ts";
import type { Shape } from "../tensor/shape.ts";
import { readCostMatrix } from "./cost_matrix_file.ts";
import { classifierCost } from "../cost_matrix/classifier_cost.ts";
import { loadModel } from "./load_model.ts";

/** A model by the authors' name for a data set. */
export function buildModel(name: string, dataset: ImageDataset): Model {
  return createModel(name, { numClasses: dataset.classes.length, inChannels: dataset.channels });
}

/**
 * The distiller a configuration asks for, with the teacher loaded from `teacherPath`.
 *
 * @throws CheckpointError, RangeError or Error with one sentence when something does not fit.
 */
export async function buildDistiller(
  config: Config,
  dataset: ImageDataset,
  teacherPath: string,
): Promise<Distiller> {
  const { TYPE, STUDENT, TEACHER } = config.DISTILLER;
  const student = buildModel(STUDENT, dataset);
  if (TYPE === "NONE") return new Vanilla(student);
  const loadTeacher = () => {
    const teacher = buildModel(TEACHER, dataset);
    loadModel(teacher, teacherPath);
    teacher.requiresGrad_(false);
    teacher.eval();
    return teacher;
  };
  if (TYPE === "KD") {
    const { TEMPERATURE, LOSS } = config.KD;
    return new KD(student, loadTeacher(), {
      temperature: TEMPERATURE,
      ceWeight: LOSS.CE_WEIGHT,
      kdWeight: LOSS.KD_WEIGHT,
    });
  }
  if (TYPE !== "WKD") {
    throw new RangeError(
      `DISTILLER.TYPE ${TYPE} is not there yet; it can be NONE, KD, WKD`,
    );
  }
  const teacher = loadTeacher();
  const { LOSS } = config.WKD;
  return new WKD(student, teacher, {
    ceWeight: LOSS.CE_WEIGHT,
    cosineDecayEpoch: LOSS.COSINE_DECAY_EPOCH,
    logit: LOSS.WKD_LOGIT_WEIGHT > 0 ? await logitOptions(config, teacher, dataset) : null,
    feature: LOSS.WKD_FEAT_WEIGHT > 0 ? featureOptions(config, student, teacher, dataset) : null,
  });
}

async function logitOptions(
  config: Config,
  teacher: Model,
  dataset: ImageDataset,
): Promise<WKDLogitOptions> {
  const { LOSS, TEMPERATURE, SINKHORN } = config.WKD;
  const { COST_MATRIX, COST_MATRIX_PATH, COST_MATRIX_SHARPEN } = config.WKD;
  const classes = dataset.classes.length;
  const cost = COST_MATRIX === "fc"
    ? classifierCost(await teacher.classifier.weight.data() as Float32Array, classes)
    : readCostMatrix(COST_MATRIX_PATH, classes);
  return {
    weight: LOSS.WKD_LOGIT_WEIGHT,
    temperature: TEMPERATURE,
    iterations: SINKHORN.ITER,
    cost: new CostKernel(cost, classes, {
      lambda: SINKHORN.LAMBDA,
      sharpen: COST_MATRIX_SHARPEN,
    }),
  };
}

function featureOptions(
  config: Config,
  student: Model,
  teacher: Model,
  dataset: ImageDataset,
): WKDFeatureOptions {
  const { LOSS, HINT_LAYER, MEAN_COV_RATIO, PROJECTOR, SPATIAL_GRID, EPS } = config.WKD;
  const image = [1, dataset.channels, dataset.height, dataset.width];
  return {
    weight: LOSS.WKD_FEAT_WEIGHT,
    hintLayer: HINT_LAYER,
    meanCovRatio: MEAN_COV_RATIO,
    projector: PROJECTOR,
    grid: SPATIAL_GRID,
    eps: EPS,
    studentShapes: featureShapes(student, image),
    teacherShapes: featureShapes(teacher, image),
  };
}

/** Shapes of a model's features for an input shape. */
export function featureShapes(model: Model, image: Shape): Shape[] {
  const training = model.training;
  model.eval();
  const shapes = noGrad(() => model.forward(zeros(image)).features.feats.map((f) => f.shape));
  model.train(training);
  return shapes;
}
