import { toFloat32 } from "../formats/safetensors.ts";
import { CheckpointError, loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";

const NAME = "cost_matrix";

/**
 * Reads a cost matrix [classes, classes] from a safetensors file with one tensor.
 *
 * @throws CheckpointError naming the file when it cannot be read or has another size.
 */
export function readCostMatrix(path: string, classes: number): Float32Array {
  if (!path) {
    throw new CheckpointError(
      'WKD.COST_MATRIX_PATH is empty; name a file, or set WKD.COST_MATRIX to "fc"',
    );
  }
  const { tensors } = loadCheckpoint(path);
  const tensor = tensors.get(NAME) ?? (tensors.size === 1 ? [...tensors.values()][0] : undefined);
  if (!tensor) throw new CheckpointError(`${path} holds no tensor ${NAME}`);
  const { shape } = tensor;
  if (shape.length !== 2 || shape[0] !== classes || shape[1] !== classes) {
    throw new CheckpointError(
      `the cost matrix ${path} is [${shape.join(", ")}]; [${classes}, ${classes}] is wanted for ` +
        `${classes} classes`,
    );
  }
  return toFloat32(tensor);
}

/** Writes a cost matrix with a note on how it was made. */
export function writeCostMatrix(
  path: string,
  cost: Float32Array,
  classes: number,
  made: Readonly<Record<string, string>>,
): void {
  saveCheckpoint(path, new Map([[NAME, { shape: [classes, classes], data: cost }]]), made);
}
