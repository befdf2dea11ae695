import { writeFileAtomic } from "../formats/atomic_write.ts";
import { ioReason } from "../formats/io_reason.ts";
import { readSafetensors, type Safetensors, writeSafetensors } from "../formats/safetensors.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A checkpoint that cannot be read or does not fit. */
export class CheckpointError extends Error {
  /** Always `CheckpointError`. */
  override name = "CheckpointError";
}

/** Numbers on the host, ready for a file. */
export interface HostTensor {
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array | Int32Array | Uint32Array;
}

const DTYPES = { Float32Array: "F32", Int32Array: "I32", Uint32Array: "U32" } as const;

/** Reads tensors back from the device, all at once. */
export async function readBack(
  tensors: ReadonlyMap<string, Tensor>,
): Promise<Map<string, HostTensor>> {
  const entries = [...tensors];
  const data = await Promise.all(entries.map(([, tensor]) => tensor.data()));
  return new Map(entries.map(([name, { shape }], i) => [name, { shape, data: data[i] }]));
}

/**
 * Writes a checkpoint (safetensors) so that a crash leaves the old file or the new one.
 *
 * @throws WriteError naming the file and the cause.
 */
export function saveCheckpoint(
  path: string,
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: Readonly<Record<string, string>>,
): void {
  const entries = new Map([...tensors].map(([name, { shape, data }]) => {
    const dtype = DTYPES[data.constructor.name as keyof typeof DTYPES];
    return [name, { dtype, shape: [...shape], data }] as const;
  }));
  writeFileAtomic(path, writeSafetensors(entries, { ...metadata }));
}

/**
 * Reads a checkpoint.
 *
 * @throws CheckpointError naming the file and what is wrong.
 */
export function loadCheckpoint(path: string): Safetensors {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(path);
  } catch (error) {
    throw new CheckpointError(`cannot read the checkpoint ${path}: ${ioReason(error)}`);
  }
  try {
    return readSafetensors(bytes);
  } catch (error) {
    throw new CheckpointError(`${path} is not a whole checkpoint: ${(error as Error).message}`);
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
