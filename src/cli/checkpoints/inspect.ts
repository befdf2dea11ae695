import { rememberImports } from "../../config/resolve_config.ts";
import {
  describePreprocessing,
  parseClasses,
  parsePreprocessing,
} from "../../data/preprocessing.ts";
import { flatten, isTensor } from "../../formats/flatten.ts";
import { modelState } from "../../formats/model_state.ts";
import { quoted } from "../../formats/pickle/python.ts";
import { CHECKPOINT_KINDS } from "../../formats/read_checkpoint.ts";
import { type SafetensorsTensor, toFloat32 } from "../../formats/safetensors/safetensors.ts";
import { isFloat } from "../../formats/safetensors/safetensors_dtype.ts";
import { listed, shown, visible } from "../../formats/visible.ts";
import { plural } from "../../logging/text.ts";
import {
  describeFit,
  type Fit,
  fitsSomeModel,
  fittingModels,
  shapesOf,
} from "../../models/fitting_models.ts";
import { importHint } from "../../registry/imports.ts";
import { type Checkpoint, inFile, loadCheckpoint } from "../../run/checkpoints/checkpoint.ts";
import { table } from "../terminal/table.ts";

/** Options of the `inspect` command. */
interface InspectFlags {
  /** Smallest, largest and mean number of every tensor. */
  readonly stats?: boolean;
  /** As JSON. */
  readonly json?: boolean;
}

/** One tensor of the report. */
interface Row {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly statistics?: TensorStatistics;
}

/** What `inspect` finds out. */
interface Report {
  readonly file: string;
  readonly kind: keyof typeof CHECKPOINT_KINDS;
  readonly tensors: readonly Row[];
  readonly numbers: number;
  readonly bytes: number;
  /** Numbers and texts by their paths. */
  readonly others: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Classes of the cost matrix that it is, or null where it is none. */
  readonly costMatrixClasses: number | null;
  /** The model in it, or null where there is none. */
  readonly model:
    | ({
      path: string;
      tensors: number;
      leftOut: readonly string[];
      /** Other places whose tensors fit a model. */
      alternatives: readonly string[];
    } & Fit)
    | null;
  /** What is not read, by its path. */
  readonly unread: Readonly<Record<string, string>>;
}

/** Metadata is told apart; an optimiser numbers its parameters. */
const UNTOLD = /^metadata\.|\.params\.\d+$/;

const COST_MATRIX = "cost_matrix";
/** The name of a file's only tensor that has none. */
const WHOLE = "(the whole file)";

/** Texts longer than this are cut. */
const LONGEST = 100;
/** The same of an entry that is no tensor, on one line with its name; and at least, whatever the name. */
const [LONGEST_LINE, NARROWEST] = [74, 24];
/** Class names that are shown. */
const MOST_CLASSES = 4;
/** Entries that are no tensors, beyond which they are counted. */
const MOST_OTHERS = 20;

/**
 * Prints what a checkpoint holds, and which models it fits. Needs no device.
 *
 * @returns the exit status
 */
export function inspect(path: string, flags: InspectFlags): number {
  const checkpoint = loadCheckpoint(path);
  rememberImports(checkpoint.metadata.config ?? "");
  const report = inFile(path, () => makeReport(path, checkpoint, flags.stats ?? false));
  console.log(flags.json ? JSON.stringify(report, plain, 2) : describe(report));
  return 0;
}

/** JSON has neither integers beyond 2^53 nor numbers that are not finite. */
function plain(_key: string, value: unknown): unknown {
  const special = typeof value === "number" && !Number.isFinite(value);
  return typeof value === "bigint" || special ? String(value) : value;
}

function makeReport(file: string, checkpoint: Checkpoint, stats: boolean): Report {
  const { kind, value, metadata } = checkpoint;
  const tensors = [...checkpoint.tensors];
  // Numbers are read, and their checksums checked, when they are asked for.
  for (const [, tensor] of tensors) void tensor.data;
  const rows = tensors.map(([name, tensor]): Row => {
    const { dtype, shape } = tensor;
    return { name, dtype, shape, ...(stats ? { statistics: tensorStatistics(tensor) } : {}) };
  });
  const classes = costMatrixClasses(checkpoint);
  const flat = flatten(value);
  const others = [...flat.others].filter(([name]) => !UNTOLD.test(name));
  return {
    file,
    kind,
    tensors: rows,
    numbers: tensors.reduce((sum, [, { shape }]) => sum + product(shape), 0),
    bytes: Deno.statSync(file).size,
    others: Object.fromEntries([...scalars(tensors), ...others]),
    metadata,
    costMatrixClasses: classes,
    model: classes === null ? describeModel(value) : null,
    unread: Object.fromEntries([...flat.unread].map(([name, { kind }]) => [name, kind])),
  };
}

function product(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}

/** Single numbers beside a model, such as the best accuracy. */
function scalars(tensors: readonly [string, SafetensorsTensor][]): [string, unknown][] {
  return tensors.filter(([name, { shape }]) => isScalar({ name, shape }))
    .map(([name, { data }]) => [name, data[0]]);
}

/** Classes of a square matrix, bare or under its name, which is all there is. */
function costMatrixClasses({ value, tensors }: Checkpoint): number | null {
  const [first] = tensors;
  if (!first || tensors.size > 1 || !(isTensor(value) || first[0] === COST_MATRIX)) return null;
  const { shape: [rows, columns], shape } = first[1];
  return shape.length === 2 && rows === columns && rows > 1 ? rows : null;
}

function isScalar({ name, shape }: Pick<Row, "name" | "shape">): boolean {
  return shape.length === 0 && !name.includes(".");
}

function describeModel(value: unknown): Report["model"] {
  let state;
  try {
    state = modelState(value, fitsSomeModel);
  } catch {
    // Numbers of another kind: there is no model to describe.
    return null;
  }
  const { tensors, path, leftOut, alternatives } = state;
  const shapes = shapesOf(tensors);
  return { path, tensors: tensors.size, leftOut, alternatives, ...fittingModels(shapes) };
}

function describe(report: Report): string {
  const { file, kind, tensors, numbers, bytes } = report;
  const listed = tensors.filter((tensor) => !isScalar(tensor));
  return [
    visible(file),
    `  format   ${CHECKPOINT_KINDS[kind]}, ${bytes.toLocaleString("en")} bytes`,
    `  tensors  ${tensors.length}, with ${numbers.toLocaleString("en")} number${
      numbers === 1 ? "" : "s"
    }`,
    `  content  ${contentText(report)}`,
    ...unreadLine(report.unread),
    ...otherLines({ ...readable(report.metadata), ...report.others }),
    "",
    ...(listed.length > 0 ? [tensorTable(listed)] : []),
  ].join("\n").trimEnd();
}

function contentText({ model, costMatrixClasses }: Report): string {
  if (costMatrixClasses !== null) return `cost matrix of ${costMatrixClasses} classes`;
  if (!model) return "no model";
  const fits = model.models.length > 0
    ? `fits ${model.models.map(describeFit).join(", ")}`
    : model.nearest
    ? `fits none that is known here; nearest is ${model.nearest.name}, with ${model.nearest.matching} of the tensors`
    : "fits none that is known here";
  const hint = model.models.length > 0 ? "" : importHint();
  const where = model.path ? ` under ${shown(model.path)}` : "";
  const beside = model.leftOut.length > 0 ? `; beside it: ${listed(model.leftOut)}` : "";
  const more = model.alternatives.length > 0
    ? `; others that fit: ${listed(model.alternatives, 4)} (convert --entry takes them)`
    : "";
  return `${plural(model.tensors, "tensor")}${where}, ${fits}${hint}${beside}${more}`;
}

/** Names that are not read, and what they are. */
function unreadLine(unread: Report["unread"]): string[] {
  const texts = Object.entries(unread).map(([name, kind]) => `${name || WHOLE} (${kind})`);
  return texts.length > 0 ? [`  not read  ${listed(texts, 6)}`] : [];
}

/** Metadata with what they say of the images in words. */
function readable(metadata: Report["metadata"]): Report["metadata"] {
  const classes = parseClasses(metadata.classes ?? "");
  const preprocessing = parsePreprocessing(metadata.preprocessing ?? "");
  return {
    ...metadata,
    ...(classes && { classes: `${classes.length}: ${listed(classes, MOST_CLASSES)}` }),
    ...(preprocessing && { preprocessing: describePreprocessing(preprocessing) }),
  };
}

function otherLines(others: Readonly<Record<string, unknown>>): string[] {
  const entries = Object.entries(others).filter(([, value]) => value !== null);
  const texts = entries.slice(0, MOST_OTHERS).map(([name, value]) => {
    return [shown(name || WHOLE), value] as const;
  });
  const width = Math.max(0, ...texts.map(([name]) => name.length));
  const room = Math.max(NARROWEST, LONGEST_LINE - width);
  const lines = texts.map(([name, value]) => `    ${name.padEnd(width)}  ${oneLine(value, room)}`);
  const more = entries.length - MOST_OTHERS;
  return [
    ...(lines.length > 0 ? ["  other entries"] : []),
    ...lines,
    ...(more > 0 ? [`    and ${more} more (--json shows all)`] : []),
  ];
}

/** The beginning of a value on one line. */
function oneLine(value: unknown, room: number): string {
  const text = typeof value === "string" ? value.slice(0, 4 * LONGEST) : quoted(value);
  return shown(text.replaceAll(/\s+/g, " "), room);
}

function tensorTable(tensors: readonly Row[]): string {
  const stats = tensors.some(({ statistics }) => statistics);
  const number = (value: number | null) => value === null ? "" : value.toPrecision(4);
  const rows = tensors.map(({ name, dtype, shape, statistics: s }) => [
    shown(name || WHOLE, LONGEST),
    dtype,
    `[${shape.join(", ")}]`,
    ...(s
      ? [number(s.min), number(s.max), number(s.mean), number(s.std), String(s.notFinite)]
      : []),
  ]);
  const header = ["tensor", "dtype", "shape"];
  return table(
    stats ? [...header, "min", "max", "mean", "std", "not finite"] : header,
    rows,
  );
}

/** What `inspect --stats` says of a tensor; NaN and infinities are counted and left out of the rest. */
interface TensorStatistics {
  /** Smallest number, or null where there is none. */
  readonly min: number | null;
  /** Largest. */
  readonly max: number | null;
  /** Mean. */
  readonly mean: number | null;
  /** Standard deviation over all numbers (divided by their count). */
  readonly std: number | null;
  /** Numbers that are NaN or infinite. */
  readonly notFinite: number;
}

/** Smallest, largest, mean and deviation of a tensor's numbers. */
function tensorStatistics(tensor: SafetensorsTensor): TensorStatistics {
  const values = tensor.dtype === "F64"
    ? tensor.data as Float64Array
    : isFloat(tensor.dtype)
    ? toFloat32(tensor)
    : Float64Array.from(tensor.data as Iterable<number | bigint>, Number);
  let [min, max, sum, count] = [Infinity, -Infinity, 0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    count++;
  }
  const notFinite = values.length - count;
  if (count === 0) return { min: null, max: null, mean: null, std: null, notFinite };
  const mean = sum / count;
  let squares = 0;
  for (const value of values) if (Number.isFinite(value)) squares += (value - mean) ** 2;
  return { min, max, mean, std: Math.sqrt(squares / count), notFinite };
}
