import { writeFileAtomic } from "../formats/atomic_write.ts";
import { formatOfName } from "../formats/format_of_name.ts";
import { isTensor } from "../formats/is_tensor.ts";
import { toFloat32 } from "../formats/safetensors.ts";
import { writeTorch } from "../formats/torch/write_torch.ts";
import { CheckpointError, inFile, loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";

const NAME = "cost_matrix";

/**
 * Reads a cost matrix [classes, classes] from a safetensors or torch file: its tensor `cost_matrix`, or its only one.
 *
 * @throws CheckpointError naming the file when it cannot be read or has another size.
 */
export function readCostMatrix(path: string, classes: number): Float32Array {
  if (!path) {
    throw new CheckpointError(
      'WKD.COST_MATRIX_PATH is empty; name a file, or set WKD.COST_MATRIX to "fc"',
    );
  }
  const { value, tensors } = loadCheckpoint(path);
  const only = tensors.size === 1 ? [...tensors.values()][0] : undefined;
  const tensor = isTensor(value) ? value : tensors.get(NAME) ?? only;
  if (!tensor) {
    throw new CheckpointError(
      `${path} (WKD.COST_MATRIX_PATH) is no cost matrix: it holds no tensor ${NAME}`,
    );
  }
  const { shape } = tensor;
  if (shape.length !== 2 || shape[0] !== classes || shape[1] !== classes) {
    throw new CheckpointError(
      `the cost matrix ${path} is [${shape.join(", ")}]; [${classes}, ${classes}] is wanted for ` +
        `${classes} classes`,
    );
  }
  return inFile(path, () => toFloat32(tensor));
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
  made: Readonly<Record<string, string>>,
): void {
  const shape = [classes, classes];
  if (formatOfName(path) === "safetensors") {
    saveCheckpoint(path, new Map([[NAME, { shape, data: cost }]]), made);
    return;
  }
  writeFileAtomic(path, writeTorch({ dtype: "F32", shape, data: cost }));
  writeFileAtomic(`${path}.json`, `${JSON.stringify(made, null, 2)}\n`);
}
