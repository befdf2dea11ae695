import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { type Config, sectionOf } from "../../config/config.ts";
import { classifierCost } from "../../cost_matrix/classifier_cost.ts";
import { flatCosts } from "../../cost_matrix/flat_costs.ts";
import type { Dataset } from "../../data/image_dataset.ts";
import { distillerOf } from "../../distill/registry.ts";
import { formatOfName } from "../../formats/format_of_name.ts";
import { fileExists } from "../../formats/paths.ts";
import { shown, visible } from "../../formats/visible.ts";
import { isBatchCounter } from "../../models/fitting_models.ts";
import { plural } from "../../logging/text.ts";
import type { Model } from "../../models/model.ts";
import type { Module } from "../../nn/module.ts";
import { readBack } from "../../tensor/read_back.ts";
import { CheckpointError } from "../checkpoints/checkpoint.ts";
import { type CostMatrixNote, readCostMatrix, writeCostMatrix } from "./cost_matrix_file.ts";
import {
  configuredMethod,
  type CostMatrixProgress,
  makeCostMatrix,
  methodNote,
} from "./make_cost_matrix.ts";

/** Name of a run's own matrix in its folder. */
export const COST_MATRIX_FILE = "cost_matrix.safetensors";
/** The note's entry for the hash of the teacher's weights. */
export const TEACHER_HASH = "teacher_sha256";

/** Where a distiller's cost matrix comes from. */
interface CostMatrixSettings {
  /** The section of the keys, such as `WKD`. */
  readonly section: string;
  /** File of the matrix; null where it is made of the teacher's classifier. */
  readonly path: string | null;
  /** k of the sharpened costs; 0 leaves them as they are. */
  readonly sharpen: number;
}

/** Where the cost matrix of a configuration's distiller comes from; null where it wants none. */
export function costMatrixSettings(config: Config): CostMatrixSettings | null {
  const { TYPE } = config.DISTILLER;
  const options = sectionOf(config, TYPE);
  if (!distillerOf(TYPE).costMatrix?.(options)) return null;
  const { COST_MATRIX, COST_MATRIX_PATH, COST_MATRIX_SHARPEN } = options;
  return {
    section: TYPE,
    path: COST_MATRIX === "fc" ? null : String(COST_MATRIX_PATH),
    sharpen: Number(COST_MATRIX_SHARPEN),
  };
}

/** Who is told what about a cost matrix, and what one is made of where it is missing. */
interface CostMatrixParts {
  /** Where the teacher was loaded from. */
  readonly teacherPath: string;
  /** Told in one sentence what is odd. */
  readonly warn: (message: string) => void;
  /** Told in one sentence what was made. */
  readonly note?: (message: string) => void;
  /** Told how far the making is. */
  readonly progress?: CostMatrixProgress;
  /** Makes one; default {@linkcode makeCostMatrix}. */
  readonly make?: typeof makeCostMatrix;
  /** What a matrix can be made of; missing where none is to be made. */
  readonly made?: {
    /** Folder of the run's own matrix. */
    readonly folder: string;
    /** The training images, all that there are. */
    readonly images: () => Promise<Dataset> | Dataset;
  };
}

/** Costs, and how they were made. */
interface NotedCosts {
  readonly cost: Float32Array;
  readonly note: CostMatrixNote;
}

/**
 * The cost matrix [classes, classes] that a configuration names for its distiller, row-major, before it is sharpened. A file
 * that is missing is made from the teacher. Where none is named, or the one that is was made from another teacher's weights,
 * the run has one of its own in its folder, which is made again where it is of other weights or settings. A named file is
 * never written over.
 *
 * @throws RangeError where the distiller wants none, CheckpointError naming the file when it cannot be read, has another size,
 * or holds numbers that are not finite.
 */
export async function runCostMatrix(
  config: Config,
  teacher: Model,
  classes: number,
  parts: CostMatrixParts,
): Promise<Float32Array> {
  const settings = costMatrixSettings(config);
  if (!settings) {
    throw new RangeError(
      `the distiller ${config.DISTILLER.TYPE} says of these settings that it wants no cost matrix (costMatrix)`,
    );
  }
  const { section, path, sharpen } = settings;
  if (path === null) {
    const weight = await teacher.classifier.weight.data() as Float32Array;
    const cost = classifierCost(weight, classes);
    return toldIfFlat(cost, `of the teacher's classifier (${section}.COST_MATRIX fc)`);
  }
  const { cost, place } = await new RunMatrix(config, teacher, classes, parts).find(path, section);
  return toldIfFlat(cost, visible(place));

  function toldIfFlat(cost: Float32Array, name: string): Float32Array {
    const flat = flatCosts(cost, classes, sharpen, section);
    if (flat) parts.warn(`the cost matrix ${name} ${flat}`);
    return cost;
  }
}

/**
 * A cost matrix that is kept at a path: made where it is missing, and again where it is damaged, of other weights than the
 * teacher's, or made otherwise than the configuration says.
 *
 * @param images the training images, all that there are
 */
export async function ownCostMatrix(
  config: Config,
  teacher: Model,
  images: Dataset,
  path: string,
  parts: Omit<CostMatrixParts, "made">,
): Promise<Float32Array> {
  const made = { folder: dirname(path), images: () => images };
  return await new RunMatrix(config, teacher, images.classes.length, { ...parts, made }).own(path);
}

/** The matrix of a run: the one that is named, or its own. */
class RunMatrix {
  constructor(
    readonly config: Config,
    readonly teacher: Model,
    readonly classes: number,
    readonly parts: CostMatrixParts,
  ) {}

  async find(path: string, section: string): Promise<{ cost: Float32Array; place: string }> {
    const { made } = this.parts;
    if (!made) return await this.#named(path, section, null);
    const own = join(made.folder, COST_MATRIX_FILE);
    if (path === "") return { cost: await this.own(own), place: own };
    if (fileExists(path)) return await this.#named(path, section, own);
    return { cost: await this.#make(path, "there was none"), place: path };
  }

  async #named(
    path: string,
    section: string,
    own: string | null,
  ): Promise<{ cost: Float32Array; place: string }> {
    const { cost, note } = readCostMatrix(path, this.classes, section);
    const { config, teacher, parts: { teacherPath, warn } } = this;
    const other = await otherTeacher(note, path, config, teacher, teacherPath);
    if (!other) return { cost, place: path };
    if (own === null) {
      warn(`${other}; make one from it with cost-matrix`);
      return { cost, place: path };
    }
    warn(`${other}; the run uses one of its own, ${visible(own)}`);
    return { cost: await this.own(own), place: own };
  }

  /** The run's own matrix, made where it is missing or was made otherwise. */
  async own(path: string): Promise<Float32Array> {
    if (!fileExists(path)) return await this.#make(path, "there was none");
    const kept = this.#read(path);
    if (!kept) return await this.#make(path, "the one that was there is damaged");
    if (kept.note[TEACHER_HASH] !== await weightsHash(this.teacher)) {
      return await this.#make(path, "the one that was there is of another teacher's weights");
    }
    const wanted = methodNote(configuredMethod(this.config, await this.parts.made!.images()));
    if (Object.entries(wanted).some(([key, value]) => kept.note[key] !== value)) {
      return await this.#make(path, "the one that was there was made otherwise");
    }
    return kept.cost;
  }

  #read(path: string): NotedCosts | null {
    try {
      return readCostMatrix(path, this.classes);
    } catch (error) {
      if (error instanceof CheckpointError) return null;
      throw error;
    }
  }

  async #make(path: string, why: string): Promise<Float32Array> {
    formatOfName(path);
    const { config, teacher, classes, parts: { teacherPath, note, made, progress } } = this;
    const make = this.parts.make ?? makeCostMatrix;
    const images = await made!.images();
    const method = configuredMethod(config, images);
    const cost = await make(teacher, images, method, progress);
    const { DISTILLER: { TEACHER }, DATASET: { TYPE } } = config;
    writeCostMatrix(path, cost, classes, {
      format: "pt",
      teacher: TEACHER,
      checkpoint: basename(teacherPath),
      [TEACHER_HASH]: await weightsHash(teacher),
      dataset: TYPE,
      ...methodNote(method),
    });
    note?.(
      `made the cost matrix ${visible(path)} from ${TEACHER} and ${
        plural(method.samples, "image")
      } of each class, since ${why}`,
    );
    return cost;
  }
}

/**
 * Says whether a matrix was made from other weights than a teacher's, in one sentence; null where it was not, or its note
 * does not say.
 *
 * @param path the matrix, for the sentence
 * @param teacherPath where the teacher was loaded from, for the sentence
 */
async function otherTeacher(
  note: CostMatrixNote,
  path: string,
  { DISTILLER }: Config,
  teacher: Model,
  teacherPath: string,
): Promise<string | null> {
  const made = note[TEACHER_HASH];
  if (typeof made !== "string") return null;
  const own = await weightsHash(teacher);
  if (made === own) return null;
  const from = [note.teacher, note.checkpoint].map((each) => shown(String(each ?? "unknown")));
  return `the cost matrix ${visible(path)} was made from the weights of another teacher, ${
    from[0]
  } in ` +
    `${from[1]} (SHA-256 ${shown(made.slice(0, 12))}...), and this one is ${DISTILLER.TEACHER} in ${
      visible(teacherPath)
    } ` +
    `(${own.slice(0, 12)}...)`;
}

/**
 * SHA-256 of a model's weights and running statistics, in hexadecimal digits: over the tensors in the order of their names
 * (by UTF-16 code units), of each the name, its sizes separated by commas, each with a zero byte behind it, and its float32
 * numbers, little-endian. The counters of batch normalisation, which evaluation does not read and some files lack, are left
 * out. Whatever file the weights came from, and whatever lay beside them there, their hash is the same.
 */
export async function weightsHash(model: Module): Promise<string> {
  const state = [...model.stateDict()].filter(([name]) => !isBatchCounter(name));
  const tensors = [...await readBack(new Map(state))].sort(([a], [b]) => a < b ? -1 : 1);
  const hash = createHash("sha256");
  for (const [name, { shape, data }] of tensors) {
    hash.update(`${name}\0${shape.join(",")}\0`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}
