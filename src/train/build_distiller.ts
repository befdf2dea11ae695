import type { Config } from "../config/config.ts";
import type { DatasetInfo } from "../data/image_dataset.ts";
import { AT } from "../distill/at.ts";
import { ContrastSampler } from "../distill/contrast_sampler.ts";
import { CRD } from "../distill/crd.ts";
import type { Distiller } from "../distill/distiller.ts";
import { DKD } from "../distill/dkd.ts";
import type { FeatureWeights } from "../distill/feature_distiller.ts";
import { FitNet } from "../distill/fitnet.ts";
import { KD } from "../distill/kd.ts";
import { KDSVD } from "../distill/kdsvd.ts";
import { NST } from "../distill/nst.ts";
import { PKT } from "../distill/pkt.ts";
import { ReviewKD } from "../distill/reviewkd.ts";
import { RKD } from "../distill/rkd.ts";
import { SP } from "../distill/sp.ts";
import { Vanilla } from "../distill/vanilla.ts";
import { VID } from "../distill/vid.ts";
import { UserError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import { createModel } from "../models/registry.ts";
import type { Shape } from "../tensor/shape.ts";
import { buildOFD } from "./build_ofd.ts";
import { buildWKD } from "./build_wkd.ts";
import { checkReviewKD } from "./check_reviewkd.ts";
import { evaluatedShapes } from "./evaluated_shapes.ts";
import { loadModel } from "./load_model.ts";
import { TEACHER_SETTINGS } from "./misfit.ts";
import { modelOf } from "./model_of.ts";
import type { CostMatrixCheck } from "./run_cost_matrix.ts";

/** A model by the authors' name for a data set. */
export function buildModel(name: string, dataset: DatasetInfo): Model {
  return createModel(name, modelOf(name, dataset));
}

/** What a distiller with a teacher is built from. */
interface Parts {
  readonly config: Config;
  readonly dataset: DatasetInfo;
  readonly student: Model;
  readonly teacher: Model;
  readonly check: CostMatrixCheck;
}

type Method = Exclude<Config["DISTILLER"]["TYPE"], "NONE">;

const BUILDERS: Readonly<Record<Method, (parts: Parts) => Distiller | Promise<Distiller>>> = {
  KD: buildKD,
  AT: ({ config, student, teacher }) => new AT(student, teacher, weights(config.AT), config.AT.P),
  RKD: buildRKD,
  KDSVD: buildKDSVD,
  OFD: ({ config, dataset, student, teacher }) =>
    buildOFD(config, student, teacher, imageShape(dataset)),
  NST: ({ config, student, teacher }) => new NST(student, teacher, weights(config.NST)),
  PKT: ({ config, student, teacher }) => new PKT(student, teacher, weights(config.PKT)),
  SP: ({ config, student, teacher }) => new SP(student, teacher, weights(config.SP)),
  VID: buildVID,
  REVIEWKD: buildReviewKD,
  FITNET: buildFitNet,
  CRD: buildCRD,
  DKD: buildDKD,
  WKD: ({ dataset, ...parts }) =>
    buildWKD({
      ...parts,
      classes: dataset.classes.length,
      shapes: () => bothShapes(parts.student, parts.teacher, dataset),
    }),
};

/**
 * The distiller a configuration asks for, with the teacher loaded from `teacherPath`.
 *
 * @param warn told in one sentence what can be computed but is hardly meant
 * @param note told in one sentence what is worth knowing, such as where in its file the teacher lay
 * @throws CheckpointError, RangeError or Error with one sentence when something does not fit.
 */
export async function buildDistiller(
  config: Config,
  dataset: DatasetInfo,
  teacherPath: string,
  warn: (message: string) => void = () => {},
  note: (message: string) => void = () => {},
): Promise<Distiller> {
  const { TYPE, STUDENT, TEACHER } = config.DISTILLER;
  using made = new DisposableStack();
  const student = made.adopt(buildModel(STUDENT, dataset), (it) => it.dispose());
  if (TYPE === "NONE") {
    made.move();
    return new Vanilla(student);
  }
  const teacher = made.adopt(buildModel(TEACHER, dataset), (it) => it.dispose());
  loadModel(teacher, teacherPath, modelOf(TEACHER, dataset), TEACHER_SETTINGS, note);
  teacher.requiresGrad_(false);
  teacher.eval();
  const check = { teacherPath, warn };
  const distiller = await BUILDERS[TYPE]({ config, dataset, student, teacher, check });
  made.move();
  return distiller;
}

function weights(
  { LOSS }: { LOSS: { CE_WEIGHT: number; FEAT_WEIGHT: number } },
): FeatureWeights {
  return { ceWeight: LOSS.CE_WEIGHT, featWeight: LOSS.FEAT_WEIGHT };
}

function buildKD({ config, student, teacher }: Parts): Distiller {
  const { TEMPERATURE, LOSS } = config.KD;
  return new KD(student, teacher, {
    temperature: TEMPERATURE,
    ceWeight: LOSS.CE_WEIGHT,
    kdWeight: LOSS.KD_WEIGHT,
    irWeight: LOSS.IR_WEIGHT,
  });
}

function buildDKD({ config, student, teacher }: Parts): Distiller {
  const { CE_WEIGHT, ALPHA, BETA, T, WARMUP } = config.DKD;
  return new DKD(student, teacher, {
    ceWeight: CE_WEIGHT,
    alpha: ALPHA,
    beta: BETA,
    temperature: T,
    warmup: WARMUP,
  });
}

function buildFitNet({ config, dataset, student, teacher }: Parts): Distiller {
  return new FitNet(student, teacher, {
    ...weights(config.FITNET),
    ...bothShapes(student, teacher, dataset),
    hintLayer: config.FITNET.HINT_LAYER,
  });
}

function buildRKD({ config, dataset, student, teacher }: Parts): Distiller {
  if (Math.min(config.SOLVER.BATCH_SIZE, dataset.length) === 1) {
    throw new UserError(
      "RKD compares the images of a batch, and these have one image each; use a larger SOLVER.BATCH_SIZE or more images",
    );
  }
  const { DISTANCE_WEIGHT, ANGLE_WEIGHT, PDIST } = config.RKD;
  return new RKD(student, teacher, weights(config.RKD), {
    distanceWeight: DISTANCE_WEIGHT,
    angleWeight: ANGLE_WEIGHT,
    eps: PDIST.EPSILON,
    squared: PDIST.SQUARED,
  });
}

function buildKDSVD({ config, dataset, student, teacher }: Parts): Distiller {
  return new KDSVD(student, teacher, {
    ...weights(config.KDSVD),
    ...bothShapes(student, teacher, dataset),
    k: config.KDSVD.K,
  });
}

function buildVID({ config, dataset, student, teacher }: Parts): Distiller {
  return new VID(student, teacher, {
    ...weights(config.VID),
    ...bothShapes(student, teacher, dataset),
    predVar: config.VID.INIT_PRED_VAR,
  });
}

function buildReviewKD({ config, dataset, student, teacher }: Parts): Distiller {
  const { REVIEWKD, DISTILLER } = config;
  const { studentShapes, teacherShapes } = bothShapes(student, teacher, dataset);
  const reviewed = (name: string, model: Model, features: Shape[]) => {
    return { name, features, pooled: model.classifier.weight.shape[1] };
  };
  checkReviewKD(
    REVIEWKD,
    reviewed(DISTILLER.STUDENT, student, studentShapes),
    reviewed(DISTILLER.TEACHER, teacher, teacherShapes),
  );
  return new ReviewKD(student, teacher, {
    ceWeight: REVIEWKD.CE_WEIGHT,
    featWeight: REVIEWKD.REVIEWKD_WEIGHT,
    warmup: REVIEWKD.WARMUP_EPOCHS,
    shapes: REVIEWKD.SHAPES,
    outShapes: REVIEWKD.OUT_SHAPES,
    inChannels: REVIEWKD.IN_CHANNELS,
    outChannels: REVIEWKD.OUT_CHANNELS,
    studentPreact: REVIEWKD.STU_PREACT,
  });
}

/** Shapes of the features of both models for one image. */
function bothShapes(
  student: Model,
  teacher: Model,
  dataset: DatasetInfo,
): { studentShapes: Shape[]; teacherShapes: Shape[] } {
  const image = imageShape(dataset);
  return {
    studentShapes: featureShapes(student, image),
    teacherShapes: featureShapes(teacher, image),
  };
}

function buildCRD({ config, dataset, student, teacher }: Parts): Distiller {
  const { MODE, FEAT, NCE } = config.CRD;
  checkWidth(student, dataset, config.DISTILLER.STUDENT, "CRD.FEAT.STUDENT_DIM", FEAT.STUDENT_DIM);
  checkWidth(teacher, dataset, config.DISTILLER.TEACHER, "CRD.FEAT.TEACHER_DIM", FEAT.TEACHER_DIM);
  return new CRD(student, teacher, {
    ...weights(config.CRD),
    studentDim: FEAT.STUDENT_DIM,
    teacherDim: FEAT.TEACHER_DIM,
    memory: {
      images: dataset.length,
      dim: FEAT.DIM,
      negatives: NCE.K,
      temperature: NCE.TEMPERATURE,
      momentum: NCE.MOMENTUM,
    },
    source: new ContrastSampler({
      labels: dataset.labels,
      classes: dataset.classes.length,
      negatives: NCE.K,
      mode: MODE,
      seed: config.SOLVER.SEED,
    }),
  });
}

function checkWidth(
  model: Model,
  dataset: DatasetInfo,
  name: string,
  key: string,
  wanted: number,
): void {
  const [, width] = evaluatedShapes(model, imageShape(dataset)).pooledFeat;
  if (width !== wanted) {
    throw new UserError(`${key} is ${wanted}, but ${name}'s pooled feature has ${width} numbers`);
  }
}

/** Shapes of a model's features for an input shape. */
export function featureShapes(model: Model, image: Shape): Shape[] {
  return evaluatedShapes(model, image).feats;
}

function imageShape({ channels, height, width }: DatasetInfo): Shape {
  return [1, channels, height, width];
}
