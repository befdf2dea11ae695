import { basename, dirname, join } from "@std/path";
import { type Config, sectionOf } from "../../config/config.ts";
import { loadConfig } from "../../config/resolve_config.ts";
import { wantsTeacher } from "../../distill/registry.ts";
import { UserError } from "../../errors.ts";
import { costMatrixSettings } from "../../run/run_cost_matrix.ts";
import { checkpointPath } from "../../run/run_files.ts";
import { fileExists } from "../../formats/paths.ts";
import { runFolder } from "../../run/run_paths.ts";
import { fingerprint } from "./fingerprint.ts";
import type { ResultsFile } from "./results_file.ts";
import { METHOD_NAMES, type ResultMethod, type ResultTable, TEACHER } from "./tables.ts";

/** A run that a table wants. */
export interface PlannedRun {
  /** How it trains. */
  readonly method: ResultMethod;
  /** Seed of weights, order and augmentation. */
  readonly seed: number;
  /** The resolved configuration. */
  readonly config: Config;
  /** Pairs KEY VALUE that make that configuration of the method's file, but for the run's project. */
  readonly settings: readonly string[];
  /** What other runs read of it; null for a student's. */
  readonly teaches: TeacherFiles | null;
}

/** The files of a teacher that a table trains. */
export interface TeacherFiles {
  /** Its weights. */
  readonly checkpoint: string;
  /** The cost matrix to make of it, and the configuration that says how; null where no method wants one. */
  readonly costMatrix: { readonly cfg: string; readonly path: string } | null;
}

/** What the plan is made for. */
export interface PlanOptions {
  /** The table. */
  readonly table: ResultTable;
  /** What is recorded of it. */
  readonly file: ResultsFile;
  /** Runs of each student, with the seeds 0 to n - 1. */
  readonly seeds: number;
  /** Names of methods, separated by commas; default all. */
  readonly methods?: string;
  /** Pairs of a dotted key and a YAML value for all runs. */
  readonly overrides: readonly string[];
}

/**
 * The runs of a table, a seed after the other, so that what is recorded of a part compares all methods. Where no configuration names the teacher's file, the table trains its own with seed 0,
 * once: with `methods` that leave the teacher out, the one that is recorded is taken as it is.
 *
 * @throws UserError for a method that there is not, ConfigError as `loadConfig()` does
 */
export function planRuns(options: PlanOptions): PlannedRun[] {
  const { table, seeds, file } = options;
  const teacher = planTeacher(options);
  const names = chosen(options.methods, teacher !== null);
  const methods = table.methods.filter(({ name }) => name !== TEACHER && names.includes(name));
  const students = Array.from({ length: seeds }, (_, seed) => seed).flatMap((seed) =>
    methods.map((method) => planStudent(options, method, seed, teacher?.teaches ?? null))
  );
  if (!teacher) return students;
  const wanted = students.some(({ config }) => wantsTeacher(config.DISTILLER.TYPE));
  const trained = file.has(TEACHER, teacher.seed) && hasFiles(teacher);
  return names.includes(TEACHER) || (wanted && !trained) ? [teacher, ...students] : students;
}

/** Whether a run is recorded with the same settings, and what others read of it is there. */
export async function isRecorded(file: ResultsFile, run: PlannedRun): Promise<boolean> {
  return hasFiles(run) && file.has(run.method.name, run.seed, await fingerprint(run.config));
}

function hasFiles({ teaches }: PlannedRun): boolean {
  if (!teaches) return true;
  const { checkpoint, costMatrix } = teaches;
  return fileExists(checkpoint) && (!costMatrix || fileExists(costMatrix.path));
}

function chosen(list: string | undefined, trainsTeacher: boolean): readonly string[] {
  const all = METHOD_NAMES.filter((name) => trainsTeacher || name !== TEACHER);
  const names = list?.split(",").map((name) => name.trim()) ?? all;
  const unknown = names.find((name) => !all.includes(name));
  if (unknown === undefined) return names;
  const why = unknown === TEACHER
    ? "DISTILLER.TEACHER_CHECKPOINT names the teacher, which is not trained then"
    : `there is no method ${JSON.stringify(unknown)}`;
  throw new UserError(`${why}; --methods can be ${all.join(",")}`);
}

/** The run that trains the teacher; null where the configurations or the overrides name its file. */
function planTeacher(options: PlanOptions): PlannedRun | null {
  const { table, overrides } = options;
  const taught = table.methods
    .map(({ cfg }) => ({ cfg, config: loadConfig(cfg, overrides) }))
    .filter(({ config }) => wantsTeacher(config.DISTILLER.TYPE));
  const unnamed = taught.find(({ config }) => config.DISTILLER.TEACHER_CHECKPOINT === "");
  const method = table.methods.find(({ name }) => name === TEACHER);
  if (!unnamed || !method) return null;
  const model = ["DISTILLER.STUDENT", unnamed.config.DISTILLER.TEACHER];
  const run = planRun(options, method, 0, model);
  const folder = runFolder(run.config);
  const format = run.config.LOG.CHECKPOINT_FORMAT;
  const matrix = taught.find(({ config }) => costMatrixKey(config, overrides) !== null);
  const path = join(dirname(folder), "cost_matrix.safetensors");
  return {
    ...run,
    teaches: {
      checkpoint: checkpointPath(folder, "student_latest", format),
      costMatrix: matrix ? { cfg: matrix.cfg, path } : null,
    },
  };
}

function planStudent(
  options: PlanOptions,
  method: ResultMethod,
  seed: number,
  teacher: TeacherFiles | null,
): PlannedRun {
  const run = planRun(options, method, seed, []);
  const { config } = run;
  const { DISTILLER } = config;
  if (!teacher || !wantsTeacher(DISTILLER.TYPE) || DISTILLER.TEACHER_CHECKPOINT) return run;
  const { checkpoint, costMatrix } = teacher;
  const key = costMatrix && costMatrixKey(config, options.overrides);
  return {
    ...run,
    config: {
      ...config,
      DISTILLER: { ...DISTILLER, TEACHER_CHECKPOINT: checkpoint },
      ...(key && {
        [DISTILLER.TYPE]: {
          ...sectionOf(config, DISTILLER.TYPE),
          COST_MATRIX_PATH: costMatrix.path,
        },
      }),
    },
    settings: [
      ...run.settings,
      ...["DISTILLER.TEACHER_CHECKPOINT", checkpoint],
      ...(key ? [key, costMatrix.path] : []),
    ],
  };
}

/** The runs of a results file lie in a folder of its name, so that those of another file stay. */
function planRun(
  { file, overrides }: PlanOptions,
  method: ResultMethod,
  seed: number,
  own: readonly string[],
): PlannedRun {
  const settings = [
    ...overrides,
    ...own,
    ...["SOLVER.SEED", String(seed), "EXPERIMENT.NAME", `${method.name}_seed${seed}`],
  ];
  const project = `results/${basename(file.path).replace(/\.json$/, "")}`;
  const config = loadConfig(method.cfg, [...settings, "EXPERIMENT.PROJECT", project]);
  return { method, seed, config, settings, teaches: null };
}

/** The key of the cost matrix's file, such as `WKD.COST_MATRIX_PATH`; null where none is read, or the overrides name one. */
function costMatrixKey(config: Config, overrides: readonly string[]): string | null {
  const { section, path = null } = costMatrixSettings(config) ?? {};
  const key = `${section}.COST_MATRIX_PATH`;
  return path === null || overrides.includes(key) ? null : key;
}
