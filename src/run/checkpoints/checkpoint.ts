import { asTyped } from "../../config/typed_path.ts";
import { UserError } from "../../errors.ts";
import { writeFileAtomic } from "../../formats/atomic_write.ts";
import { flatten } from "../../formats/flatten.ts";
import { ioReason } from "../../formats/io_reason.ts";
import { type CheckpointFile, readCheckpoint } from "../../formats/read_checkpoint.ts";
import { openRegularFile, type RegularFile } from "../../formats/read_file.ts";
import { type SafetensorsTensor, writeSafetensors } from "../../formats/safetensors/safetensors.ts";
import type { HostTensor } from "../../tensor/read_back.ts";

/** A checkpoint that cannot be read or does not fit. */
export class CheckpointError extends UserError {
  /** Always `CheckpointError`. */
  override name = "CheckpointError";
}

/** A checkpoint with its tensors. */
export interface Checkpoint extends CheckpointFile {
  /** Its file. */
  readonly path: string;
  /** All its tensors by their paths in the file, such as `model.conv1.weight`. */
  readonly tensors: Map<string, SafetensorsTensor>;
}

/** A checkpoint on its way from who read it to who loads it, and let go then: it is as large as the model. */
export class HeldCheckpoint {
  #checkpoint: Checkpoint | undefined;

  /** Holds what was read. */
  constructor(checkpoint: Checkpoint) {
    this.#checkpoint = checkpoint;
  }

  /** What was read; undefined the second time. */
  take(): Checkpoint | undefined {
    const checkpoint = this.#checkpoint;
    this.#checkpoint = undefined;
    return checkpoint;
  }
}

const DTYPES = { Float32Array: "F32", Int32Array: "I32", Uint32Array: "U32" } as const;

/** The bytes of a safetensors file. */
export function safetensorsBytes(
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries = new Map([...tensors].map(([name, { shape, data }]) => {
    const dtype = DTYPES[data.constructor.name as keyof typeof DTYPES];
    return [name, { dtype, shape: [...shape], data }] as const;
  }));
  return writeSafetensors(entries, { ...metadata });
}

/**
 * Writes tensors as safetensors so that a crash leaves the old file or the new one.
 *
 * @throws WriteError naming the file and the cause.
 */
export function saveCheckpoint(
  path: string,
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: Readonly<Record<string, string>>,
): void {
  writeFileAtomic(path, safetensorsBytes(tensors, metadata));
}

function opened(path: string): RegularFile {
  try {
    return openRegularFile(path);
  } catch (error) {
    throw new CheckpointError(`cannot read the checkpoint ${asTyped(path)}: ${ioReason(error)}`);
  }
}

/**
 * Reads a checkpoint, safetensors or torch; its contents decide, not its name.
 *
 * @throws CheckpointError naming the file and what is wrong.
 */
export function loadCheckpoint(path: string): Checkpoint {
  using file = opened(path);
  return inFile(path, () => {
    const checkpoint = readCheckpoint(file);
    return { ...checkpoint, path, tensors: flatten(checkpoint.value).tensors };
  });
}

/** Errors that speak of a file, not of the program. */
const UNREADABLE = new Set(["FormatError", "SafetensorsError", "FileKindError"]);

/**
 * Runs what reads a checkpoint's contents, such as a tensor's numbers, which are read when they are asked for.
 *
 * @throws CheckpointError naming the file where `fn` finds it damaged.
 */
export function inFile<T>(path: string, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    const { name, message } = error as Error;
    if (!UNREADABLE.has(name)) throw error;
    throw new CheckpointError(`${asTyped(path)} cannot be read as a checkpoint: ${message}`);
  }
}

/** The tensors whose names start with `prefix`, without it. */
export function withPrefix<T>(tensors: ReadonlyMap<string, T>, prefix: string): Map<string, T> {
  const found = new Map<string, T>();
  for (const [name, tensor] of tensors) {
    if (name.startsWith(prefix)) found.set(name.slice(prefix.length), tensor);
  }
  return found;
}
