import { type Config, sectionOf } from "../../config/config.ts";
import type { DatasetInfo } from "../../data/image_dataset.ts";
import { ConvReg, ConvRegBottleneck } from "../../distill/parts/conv_reg.ts";
import { hintShape } from "../../distill/feature_distiller.ts";
import { wantsTeacher } from "../../distill/registry.ts";
import { wkdParts, type WkdSettings } from "../../distill/wkd_settings.ts";
import { UserError } from "../../errors.ts";
import { fileExists } from "../../formats/paths.ts";
import type { Model } from "../../models/model.ts";
import { manualSeed } from "../../nn/init.ts";
import { buildModel, buildTeacher, featureShapes } from "../../run/build_distiller.ts";
import { loadCheckpoint, withPrefix } from "../../run/checkpoints/checkpoint.ts";
import { runTensors } from "../../run/checkpoints/run_checkpoint.ts";
import { initStudent } from "../../run/models/init_student.ts";
import { loadModel, loadTensors, modelOf } from "../../run/models/load_model.ts";
import { teacherPath } from "../../run/run_paths.ts";
import type { HintSettings } from "./features.ts";

/** What names a student and its weights, for errors. */
const SETTINGS = {
  ...{ role: "student", model: "DISTILLER.STUDENT" },
  ...{ file: "checkpoint", dataset: "DATASET.TYPE" },
};

/** The student of a run with the weights of a file, in evaluation mode and without gradients. */
export function openStudent(config: Config, dataset: DatasetInfo, file: string): Model {
  const { DISTILLER: { STUDENT }, MODEL: { FAMILY } } = config;
  const model = buildModel(STUDENT, dataset, FAMILY);
  try {
    loadModel(model, loadCheckpoint(file), modelOf(STUDENT, dataset, FAMILY), SETTINGS);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return model.requiresGrad_(false).eval();
}

/** The student as it was before its first step: with the same seed, or the same file, the same weights. */
export function openUntrainedStudent(config: Config, dataset: DatasetInfo): Model {
  const { DISTILLER: { STUDENT, STUDENT_CHECKPOINT }, MODEL: { FAMILY }, SOLVER: { SEED } } =
    config;
  manualSeed(SEED);
  const model = buildModel(STUDENT, dataset, FAMILY);
  try {
    if (STUDENT_CHECKPOINT) {
      initStudent(model, STUDENT_CHECKPOINT, modelOf(STUDENT, dataset, FAMILY));
    }
  } catch (error) {
    model.dispose();
    throw error;
  }
  return model.requiresGrad_(false).eval();
}

/**
 * The teacher of a run.
 *
 * @throws UserError saying in a sentence why there is none
 */
export function openTeacher(config: Config, dataset: DatasetInfo): Model {
  if (!wantsTeacher(config.DISTILLER.TYPE)) throw new UserError("The student was trained alone.");
  const path = teacherPath(config);
  if (!fileExists(path)) {
    throw new UserError(`The teacher's weights are not there any more: ${path}.`);
  }
  return buildTeacher(config, { dataset, teacherPath: path });
}

/** The section WKD of a run that is distilled with it; else null. */
export function wkdSettings(config: Config): WkdSettings | null {
  return config.DISTILLER.TYPE === "WKD"
    ? sectionOf(config, "WKD") as unknown as WkdSettings
    : null;
}

/**
 * How WKD-F compares the hint layer of a run, with its trained projector.
 *
 * @param file a checkpoint of the whole run
 * @throws UserError saying in a sentence why nothing is compared
 */
export function openHint(
  config: Config,
  student: Model,
  teacher: Model,
  dataset: DatasetInfo,
  file: string | null,
): HintSettings {
  const settings = wkdSettings(config);
  const [, hasFeature] = settings ? wkdParts(settings.LOSS) : [false, false];
  const { HINT_LAYER: layer, SPATIAL_GRID: grid, PROJECTOR } = settings ?? {};
  if (!settings || !hasFeature || typeof layer !== "number" || typeof grid !== "number") {
    throw new UserError("The run has no WKD-F, which compares the hint layer.");
  }
  if (!file) {
    throw new UserError("No checkpoint of the whole run is left, which has the projector.");
  }
  const image = [1, dataset.channels, dataset.height, dataset.width];
  const [from, to] = ([[student, "student"], [teacher, "teacher"]] as const).map(([model, who]) =>
    hintShape(featureShapes(model, image).feats, layer, "WKD.HINT_LAYER", who)
  );
  const projector = PROJECTOR === "conv1x1"
    ? new ConvReg(from, to)
    : new ConvRegBottleneck(from, to);
  try {
    loadTensors(projector, withPrefix(runTensors(loadCheckpoint(file)), "conv_reg."), file);
  } catch (error) {
    projector.dispose();
    throw error;
  }
  projector.requiresGrad_(false).eval();
  return { projector, layer, grid, eps: settings.EPS, ratio: settings.MEAN_COV_RATIO };
}
