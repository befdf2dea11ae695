import { createHash } from "node:crypto";
import { type Config, sectionOf } from "../config/config.ts";
import { classifierCost } from "../cost_matrix/classifier_cost.ts";
import { distillerOf } from "../distill/registry.ts";
import { shown, visible } from "../formats/visible.ts";
import { isBatchCounter } from "../models/fitting_models.ts";
import type { Model } from "../models/model.ts";
import type { Module } from "../nn/module.ts";
import { readBack } from "../tensor/read_back.ts";
import { type CostMatrixNote, readCostMatrix } from "./cost_matrix_file.ts";

/** The note's entry for the hash of the teacher's weights. */
export const TEACHER_HASH = "teacher_sha256";
/** Costs that a sum of float32 products may give two classes with the same features. */
const ZERO = 1e-6;
/** Costs that differ by less than this part of the largest tell no classes apart. */
const ALIKE = 0.01;

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

/** Who is told what is odd about a cost matrix. */
interface CostMatrixCheck {
  /** Where the teacher was loaded from. */
  readonly teacherPath: string;
  /** Told in one sentence. */
  readonly warn: (message: string) => void;
}

/**
 * The cost matrix [classes, classes] that a configuration names for its distiller, row-major, before it is sharpened.
 *
 * @param check told where it would teach little, or was made from other weights than the teacher's
 * @throws RangeError where the distiller wants none, CheckpointError naming the file when it cannot be read, has another size,
 * or holds numbers that are not finite.
 */
export async function runCostMatrix(
  config: Config,
  teacher: Model,
  classes: number,
  check: CostMatrixCheck,
): Promise<Float32Array> {
  const settings = costMatrixSettings(config);
  if (!settings) {
    throw new RangeError(
      `the distiller ${config.DISTILLER.TYPE} says of these settings that it wants no cost matrix (costMatrix)`,
    );
  }
  const { section, path, sharpen } = settings;
  const { cost, note } = path === null
    ? {
      cost: classifierCost(await teacher.classifier.weight.data() as Float32Array, classes),
      note: {},
    }
    : readCostMatrix(path, classes, section);
  const flat = flatCosts(cost, classes, sharpen, section);
  const name = path === null
    ? `of the teacher's classifier (${section}.COST_MATRIX fc)`
    : visible(path);
  if (flat) check.warn(`the cost matrix ${name} ${flat}`);
  const other = await otherTeacher(note, path ?? "", config, teacher, check.teacherPath);
  if (other) check.warn(other);
  return cost;
}

/**
 * Why WKD-L would learn little from a cost matrix [classes, classes], as a clause about the matrix; null where there is
 * nothing to say. Two classes have but one cost, which is like itself.
 *
 * @param sharpen k of the sharpened costs that are used in their place; 0, the default, where they are used as they are
 * @param section the section of its keys
 */
export function flatCosts(
  cost: Float32Array,
  classes: number,
  sharpen = 0,
  section = "WKD",
): string | null {
  const [low, high] = costRange(cost, classes);
  if (high <= ZERO) return "holds no cost above 0, so that WKD-L would teach nothing";
  if (classes < 3) return null;
  const range = `between ${low.toPrecision(4)} and ${high.toPrecision(4)}`;
  const told = "so that WKD-L would hardly tell classes apart";
  if (alike(low, high)) return `holds costs that are all alike to 1 %, ${range}, ${told}`;
  const sharpened = [low, high].map((each) => 1 - Math.exp(-sharpen * each));
  return sharpen > 0 && alike(sharpened[0], sharpened[1])
    ? `holds costs ${range}, which are all alike to 1 % once sharpened (${section}.COST_MATRIX_SHARPEN ${sharpen}), ${told}`
    : null;
}

/** Smallest and largest cost between different classes. */
function costRange(cost: Float32Array, classes: number): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  cost.forEach((value, at) => {
    if (Math.floor(at / classes) === at % classes) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  });
  return [low, high];
}

function alike(low: number, high: number): boolean {
  return high - low <= ALIKE * Math.abs(high);
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
    `(${own.slice(0, 12)}...); make one from it with cost-matrix`;
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
