import { createHash } from "node:crypto";
import { asTyped } from "../../config/typed_path.ts";
import { writeFileAtomic } from "../../formats/atomic_write.ts";
import { isTensor } from "../../formats/flatten.ts";
import { formatOfName } from "../../formats/format_of_name.ts";
import { toFloat32 } from "../../formats/safetensors/safetensors.ts";
import { writeTorch } from "../../formats/torch/write_torch.ts";
import { notFiniteName } from "../../train/not_finite.ts";
import {
  type Checkpoint,
  CheckpointError,
  inFile,
  loadCheckpoint,
  saveCheckpoint,
} from "../checkpoints/checkpoint.ts";

const NAME = "cost_matrix";
/** Of the note beside a torch file: the hash of the costs it speaks of, since another matrix may have taken their place. */
const COSTS = "cost_matrix_sha256";
/** Bytes of the longest note that is read. */
const LONGEST_NOTE = 2 ** 20;

/** How a matrix was made, by what `cost-matrix` notes of it; empty where nothing is known. */
export type CostMatrixNote = Readonly<Record<string, string>>;

/**
 * Reads a cost matrix [classes, classes] from a safetensors or torch file, its tensor `cost_matrix` or its only one, and
 * how it was made.
 *
 * @param section that of its keys, for errors
 * @throws CheckpointError naming the file when it cannot be read, has another size, or holds numbers that are not finite.
 */
export function readCostMatrix(
  path: string,
  classes: number,
  section = "WKD",
): { cost: Float32Array; note: CostMatrixNote } {
  if (!path) {
    throw new CheckpointError(
      `${section}.COST_MATRIX_PATH is empty; name a file, or set ${section}.COST_MATRIX to "fc"`,
    );
  }
  const checkpoint = loadCheckpoint(path);
  const cost = readCosts(checkpoint, path, classes, section);
  const bad = cost.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const at = `${Math.floor(bad / classes)}, ${bad % classes}`;
    throw new CheckpointError(
      `the cost matrix ${asTyped(path)} holds ${
        notFiniteName(cost[bad])
      } at [${at}]; make it anew, or use another one`,
    );
  }
  const { kind, metadata } = checkpoint;
  return { cost, note: kind === "safetensors" ? metadata : noteBeside(path, cost) };
}

function readCosts(
  { value, tensors }: Checkpoint,
  path: string,
  classes: number,
  section: string,
): Float32Array {
  const only = tensors.size === 1 ? [...tensors.values()][0] : undefined;
  const tensor = isTensor(value) ? value : tensors.get(NAME) ?? only;
  if (!tensor) {
    throw new CheckpointError(
      `${
        asTyped(path)
      } (${section}.COST_MATRIX_PATH) is no cost matrix: it holds no tensor ${NAME}`,
    );
  }
  const { shape } = tensor;
  if (shape.length !== 2 || shape[0] !== classes || shape[1] !== classes) {
    throw new CheckpointError(
      `the cost matrix ${asTyped(path)} is [${
        shape.join(", ")
      }]; [${classes}, ${classes}] is wanted for ` +
        `${classes} classes`,
    );
  }
  return inFile(path, () => toFloat32(tensor));
}

/** The note beside a torch file, where it is about these costs. Whatever else is there is no reason to stop. */
function noteBeside(path: string, cost: Float32Array): CostMatrixNote {
  try {
    const beside = noteOf(path);
    const { isFile, size } = Deno.statSync(beside);
    if (!isFile || size > LONGEST_NOTE) return {};
    const note = JSON.parse(Deno.readTextFileSync(beside));
    return note?.[COSTS] === hashOf(cost) ? note : {};
  } catch {
    return {};
  }
}

function noteOf(path: string): string {
  return `${path}.json`;
}

function hashOf(cost: Float32Array): string {
  const bytes = new Uint8Array(cost.buffer, cost.byteOffset, cost.byteLength);
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * Writes a cost matrix with a note on how it was made, in the format that the name's extension says: as safetensors with
 * the note in it, or as a torch file, which holds the bare matrix as the authors' do, with the note in a `.json` beside it.
 *
 * @throws FormatError where the extension says no format, WriteError naming the file and the cause.
 */
export function writeCostMatrix(
  path: string,
  cost: Float32Array,
  classes: number,
  made: CostMatrixNote,
): void {
  const shape = [classes, classes];
  if (formatOfName(path) === "safetensors") {
    saveCheckpoint(path, new Map([[NAME, { shape, data: cost }]]), made);
    return;
  }
  writeFileAtomic(path, writeTorch({ dtype: "F32", shape, data: cost }));
  const note = { ...made, [COSTS]: hashOf(cost) };
  writeFileAtomic(noteOf(path), `${JSON.stringify(note, null, 2)}\n`);
}
