import { type Config, sectionOf } from "../config/config.ts";
import type { DatasetInfo } from "../data/image_dataset.ts";
import type { DistillerParts, FeatureShapes } from "../distill/definition.ts";
import type { Distiller } from "../distill/distiller.ts";
import { distillerOf } from "../distill/registry.ts";
import type { ModelFamily } from "../models/family.ts";
import type { Model } from "../models/model.ts";
import { createModel } from "../models/registry.ts";
import { noGrad } from "../tensor/autograd.ts";
import { zeros } from "../tensor/create.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import { loadModel, modelOf, TEACHER_SETTINGS } from "./load_model.ts";
import { runCostMatrix } from "./run_cost_matrix.ts";
import { asTeacher } from "./teacher_normalisation.ts";

/** A model by the authors' name for a data set, of the family that `MODEL.FAMILY` says. */
export function buildModel(
  name: string,
  dataset: DatasetInfo,
  family?: ModelFamily | "auto",
): Model {
  return createModel(name, modelOf(name, dataset, family));
}

/** A distiller, and what was made for it. */
interface BuiltDistiller {
  readonly distiller: Distiller;
  /** The cost matrix that it has, [classes, classes] in row-major order; null where it has none. */
  readonly costMatrix: Float32Array | null;
}

/** What {@linkcode buildDistiller} wants to know beside the configuration. */
interface BuildOptions {
  /** The training images. */
  readonly dataset: DatasetInfo;
  /** The teacher's checkpoint; not read where there is no teacher. */
  readonly teacherPath: string;
  /** Told in one sentence what can be computed but is hardly meant. */
  readonly warn?: (message: string) => void;
  /** Told in one sentence what is worth knowing, such as where in its file the teacher lay. */
  readonly note?: (message: string) => void;
}

/**
 * The distiller a configuration asks for, with the teacher loaded.
 *
 * @throws CheckpointError where the teacher's file cannot be read or does not fit, UserError where the settings do not fit the
 * models or the images.
 */
export async function buildDistiller(
  config: Config,
  options: BuildOptions,
): Promise<BuiltDistiller> {
  const { TYPE, STUDENT } = config.DISTILLER;
  const definition = distillerOf(TYPE);
  using made = new DisposableStack();
  const { FAMILY } = config.MODEL;
  const student = made.adopt(buildModel(STUDENT, options.dataset, FAMILY), (it) => it.dispose());
  const teacher = definition.teacher === false
    ? null
    : made.adopt(buildTeacher(config, options), (it) => it.dispose());
  const parts = distillerParts(config, options, student, teacher);
  const distiller = await definition.build(parts);
  made.move();
  return { distiller, costMatrix: parts.cost };
}

function buildTeacher(
  config: Config,
  { dataset, teacherPath, note }: BuildOptions,
): Model {
  const { DISTILLER: { TEACHER }, MODEL: { FAMILY } } = config;
  const teacher = buildModel(TEACHER, dataset, FAMILY);
  try {
    const checkpoint = loadCheckpoint(teacherPath);
    loadModel(teacher, checkpoint, modelOf(TEACHER, dataset, FAMILY), TEACHER_SETTINGS, note);
    asTeacher(teacher, config, dataset, { checkpoint, note });
  } catch (error) {
    teacher.dispose();
    throw error;
  }
  return teacher.requiresGrad_(false).eval();
}

/**
 * What a distiller is built from, of models that are there already.
 *
 * @param taught the teacher; null where there is none
 */
export function distillerParts(
  config: Config,
  { dataset, teacherPath, warn = () => {} }: BuildOptions,
  student: Model,
  taught: Model | null,
): DistillerParts<unknown> & { cost: Float32Array | null } {
  const { DISTILLER: { TYPE, STUDENT, TEACHER }, SOLVER } = config;
  const { channels, height, width } = dataset;
  const image = [1, channels, height, width];
  const parts = {
    options: sectionOf(config, TYPE),
    student,
    get teacher() {
      if (taught) return taught;
      throw new RangeError(`the distiller ${TYPE} is registered with teacher: false; it has none`);
    },
    studentName: STUDENT,
    teacherName: TEACHER,
    images: dataset,
    batchSize: SOLVER.BATCH_SIZE,
    epochs: SOLVER.EPOCHS,
    seed: SOLVER.SEED,
    featureShapes: () => ({
      student: featureShapes(student, image),
      teacher: featureShapes(parts.teacher, image),
    }),
    cost: null as Float32Array | null,
    async costMatrix() {
      const check = { teacherPath, warn };
      return parts.cost ??= await runCostMatrix(
        config,
        parts.teacher,
        dataset.classes.length,
        check,
      );
    },
    warn,
  };
  return parts;
}

/** Shapes of a model's features for an image [N, C, H, W]; nothing is computed, its state stays as it is. */
export function featureShapes(model: Model, image: Shape): FeatureShapes {
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
