import { UserError } from "../errors.ts";
import { writeFileAtomic } from "../formats/atomic_write.ts";
import { castTensor, type FloatDtype, int64Tensor } from "../formats/cast_tensor.ts";
import { flatten, isTensor } from "../formats/flatten.ts";
import { FormatError } from "../formats/format_error.ts";
import { formatOfName } from "../formats/format_of_name.ts";
import { modelState, stateUnder } from "../formats/model_state.ts";
import { fileExists } from "../formats/paths.ts";
import { PyOrderedDict } from "../formats/pickle/python.ts";
import { CHECKPOINT_KINDS } from "../formats/read_checkpoint.ts";
import {
  SafetensorsError,
  type SafetensorsTensor,
  writeSafetensors,
} from "../formats/safetensors/safetensors.ts";
import { writeTorch } from "../formats/torch/write_torch.ts";
import { listed, shown, visible } from "../formats/visible.ts";
import { plural } from "../logging/text.ts";
import { fitsSomeModel, isBatchCounter } from "../models/fitting_models.ts";
import { type Checkpoint, inFile, loadCheckpoint } from "../run/checkpoint.ts";

/** Precisions by PyTorch's names. */
const DTYPES = {
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
} as const satisfies Record<string, FloatDtype>;

/** Options of the `convert` command. */
interface ConvertFlags {
  /** Precision of the floating-point numbers; default: as they are. */
  readonly dtype?: keyof typeof DTYPES;
  /** What stands before the names of the tensors that are taken, such as `model_ema`; default: the likeliest. */
  readonly entry?: string;
  /** Replace the file if it is there. */
  readonly overwrite?: boolean;
}

const NOTHING = { leftOut: [], path: "", unread: "" };

const COST_MATRIX = "cost_matrix";

/** What goes into the new file. */
interface Contents {
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  /** Whether it is one matrix and not a model. */
  readonly matrix: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly leftOut: readonly string[];
  /** Where it lay in the file, such as `model_ema.module`; empty at the top. */
  readonly path: string;
  /** What is not read. */
  readonly unread: string;
}

/**
 * Writes the model or the cost matrix of a checkpoint in another format.
 *
 * @returns the exit status
 * @throws UserError where the new file is there already, FormatError where its extension says no format
 */
export function convert(from: string, to: string, flags: ConvertFlags): number {
  console.log(convertCheckpoint(from, to, flags));
  return 0;
}

/** Does what {@linkcode convert} does, and returns what it says. */
export function convertCheckpoint(from: string, to: string, flags: ConvertFlags): string {
  const format = formatOfName(to);
  if (!flags.overwrite && fileExists(to)) {
    throw new UserError(`${to} is already there; replace it with --overwrite`);
  }
  const checkpoint = loadCheckpoint(from);
  const contents = inFile(from, () => {
    const found = contentsOf(checkpoint, flags.entry);
    if (!flags.dtype) return found;
    const dtype = DTYPES[flags.dtype];
    return {
      ...found,
      tensors: new Map([...found.tensors].map(([name, t]) => [name, castTensor(t, dtype)])),
    };
  });
  const bytes = written(to, () => format === "torch" ? torch(contents) : safetensors(contents));
  writeFileAtomic(to, bytes);
  return summary(from, to, checkpoint, contents);
}

/** Says of an error that it is about the new file. */
function written<T>(to: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof FormatError || error instanceof SafetensorsError)) throw error;
    throw new UserError(`${to} cannot be written: ${error.message}`, { cause: error });
  }
}

function contentsOf({ value, tensors, metadata }: Checkpoint, entry?: string): Contents {
  const [first] = tensors;
  if (first && tensors.size === 1 && (isTensor(value) || first[0] === COST_MATRIX)) {
    return { tensors: new Map([[COST_MATRIX, first[1]]]), matrix: true, metadata, ...NOTHING };
  }
  const state = entry === undefined ? modelState(value, fitsSomeModel) : stateUnder(value, entry);
  const facts = flatten(value);
  const texts = ["epoch", "best_acc"].flatMap((key) => {
    const fact = facts.others.get(key) ?? facts.tensors.get(key)?.data[0];
    return fact === undefined ? [] : [[key, String(fact)]];
  });
  const kept = new Set(["metadata", ...texts.map(([key]) => key)]);
  return {
    tensors: state.tensors,
    matrix: false,
    metadata: { ...metadata, ...Object.fromEntries(texts) },
    leftOut: state.leftOut.filter((name) => !kept.has(name)),
    path: state.path,
    unread: state.unread,
  };
}

function safetensors({ tensors, metadata }: Contents): Uint8Array {
  return writeSafetensors(tensors, { format: "pt", ...metadata });
}

/** A matrix as the authors publish theirs, a model as they save it. */
function torch({ tensors, matrix, metadata }: Contents): Uint8Array {
  if (matrix) return writeTorch(tensors.get(COST_MATRIX));
  const texts = Object.entries(metadata);
  return writeTorch(
    new Map<string, unknown>([
      ["model", new PyOrderedDict([...tensors].map(([name, each]) => [name, asTorch(name, each)]))],
      ...(texts.length > 0 ? [["metadata", new Map(texts)] as const] : []),
    ]),
  );
}

/** Counters of batch norms, which are 32 bits wide here, as wide as PyTorch's. */
function asTorch(name: string, tensor: SafetensorsTensor): SafetensorsTensor {
  const { dtype, shape, data } = tensor;
  return isBatchCounter(name) && dtype === "I32" ? int64Tensor(shape, data as Int32Array) : tensor;
}

function summary(from: string, to: string, { kind }: Checkpoint, contents: Contents): string {
  const { tensors, matrix, leftOut, path, unread } = contents;
  const what = matrix ? "a matrix" : plural(tensors.size, "tensor");
  const left = leftOut.length > 0 ? `; left out: ${listed(leftOut)}` : "";
  const where = path ? `, under ${shown(path)}` : "";
  const notRead = unread ? `; not read: ${unread}` : "";
  return `${visible(to)}: ${what} of ${visible(from)} (${
    CHECKPOINT_KINDS[kind]
  })${where}${left}${notRead}`;
}
