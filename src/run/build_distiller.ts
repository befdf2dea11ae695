import { type Config, sectionOf } from "../config/config.ts";
import { settledValues } from "../config/format_config.ts";
import type { Dataset, DatasetInfo } from "../data/image_dataset.ts";
import { loadTrainSet } from "../data/load_dataset.ts";
import type { DistillerParts, FeatureShapes } from "../distill/definition.ts";
import type { Distiller } from "../distill/distiller.ts";
import { distillerOf } from "../distill/registry.ts";
import type { ModelFamily } from "../models/family.ts";
import type { Model } from "../models/model.ts";
import { createModel } from "../models/registry.ts";
import { ALONE, type Group } from "../parallel/group.ts";
import { noGrad } from "../tensor/autograd.ts";
import { zeros } from "../tensor/create.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { loadCheckpoint } from "./checkpoints/checkpoint.ts";
import { initStudent } from "./models/init_student.ts";
import { loadModel, modelOf, TEACHER_SETTINGS } from "./models/load_model.ts";
import type { CostMatrixProgress } from "./cost_matrix/make_cost_matrix.ts";
import { runCostMatrix } from "./cost_matrix/run_cost_matrix.ts";
import { sharedCostMatrix } from "./cost_matrix/shared_cost_matrix.ts";
import { asTeacher } from "./models/teacher_normalisation.ts";

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
  /** The configuration with what was settled for values of the distiller's that are `auto`. */
  readonly config: Config;
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
  /** The checkpoint that the student starts from; empty or missing for fresh weights. */
  readonly studentPath?: string;
  /** Told in one sentence what can be computed but is hardly meant. */
  readonly warn?: (message: string) => void;
  /** Told in one sentence what is worth knowing, such as where in its file the teacher lay. */
  readonly note?: (message: string) => void;
  /** The processes that train together, all of which build the same; default this one alone. */
  readonly group?: Group;
  /** Where a cost matrix may be made that is missing, and of which images; default nowhere. */
  readonly costMatrix?: {
    /** The run's folder. */
    readonly folder: string;
    /** The training images. */
    readonly images: Dataset;
    /** Told how far that is. */
    readonly progress?: CostMatrixProgress;
  };
}

/**
 * The distiller a configuration asks for, with the teacher loaded.
 *
 * @throws CheckpointError where the teacher's file, or the one the student starts from, cannot be read or does not fit, UserError where the settings do not fit the
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
  const { dataset, studentPath, note } = options;
  const student = made.adopt(buildModel(STUDENT, dataset, FAMILY), (it) => it.dispose());
  if (studentPath) initStudent(student, studentPath, modelOf(STUDENT, dataset, FAMILY), note);
  const teacher = definition.teacher === false
    ? null
    : made.adopt(buildTeacher(config, options), (it) => it.dispose());
  const settled = settledConfig(config, options, student, teacher);
  const parts = distillerParts(settled, options, student, teacher);
  const distiller = await definition.build(parts);
  made.move();
  return { distiller, config: settled, costMatrix: parts.cost };
}

/** The configuration with what follows for values of its distiller's that are `auto`; what that is, is told. */
function settledConfig(
  config: Config,
  options: BuildOptions,
  student: Model,
  teacher: Model | null,
): Config {
  const { TYPE } = config.DISTILLER;
  const section = distillerOf(TYPE).settle?.(distillerParts(config, options, student, teacher));
  if (section === undefined) return config;
  const settled: Config = { ...config, [TYPE]: section };
  const told = settledValues(config, settled, TYPE);
  if (told.length > 0) options.note?.(`${TYPE}, where nothing else is said: ${told.join(", ")}`);
  return settled;
}

/**
 * The teacher of a configuration with its weights, in eval mode and without gradients.
 *
 * @throws CheckpointError where its file cannot be read or does not fit
 */
export function buildTeacher(
  config: Config,
  { dataset, teacherPath, note }: Pick<BuildOptions, "dataset" | "teacherPath" | "note">,
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
  { dataset, teacherPath, warn = () => {}, note, costMatrix: made, group = ALONE }: BuildOptions,
  student: Model,
  taught: Model | null,
): DistillerParts<unknown> & { cost: Float32Array | null } {
  // A matrix is of all training images, as cost-matrix makes it.
  const images = () =>
    config.DATASET.SUBSET > 0 ? loadTrainSet({ ...config.DATASET, SUBSET: 0 }) : made!.images;
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
      const { length } = dataset.classes;
      const given = { teacherPath, warn, note, progress: made?.progress };
      return parts.cost ??= await sharedCostMatrix(
        group,
        parts.teacher,
        images,
        (make) =>
          runCostMatrix(config, parts.teacher, length, {
            ...{ ...given, make, made: made && { ...made, images } },
          }),
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
