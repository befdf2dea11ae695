import { TruncatedError } from "./byte_reader.ts";
import { FormatError } from "./format_error.ts";
import { PyObject } from "./pickle/python.ts";
import { type ByteSource, inMemory, readSafetensors } from "./safetensors/read_safetensors.ts";
import { looksLikeTorch, readTorch, type TorchFormat } from "./torch/read_torch.ts";
import { findEnd, LONGEST_TAIL } from "./zip/directory.ts";

/** What kind of file a checkpoint is, for people. */
export const CHECKPOINT_KINDS = {
  safetensors: "safetensors",
  zip: "torch.save (zip, since PyTorch 1.6)",
  legacy: "torch.save (before PyTorch 1.6)",
  pickle: "pickle",
} as const;

/** A checkpoint of any format. */
export interface CheckpointFile {
  /** How the file is built. */
  readonly kind: "safetensors" | TorchFormat;
  /** The object in it: a `Map` of tensors, or whatever was saved with torch. */
  readonly value: unknown;
  /** Texts about it: a safetensors header's, or a torch dictionary's entry `metadata`. */
  readonly metadata: Readonly<Record<string, string>>;
}

function startsWith(bytes: Uint8Array, text: string, at = 0): boolean {
  return [...text].every((character, i) => bytes[at + i] === character.charCodeAt(0));
}

function unknownFile(bytes: Uint8Array): FormatError {
  if (bytes.length === 0) return new FormatError("the file is empty");
  if (startsWith(bytes, "version https://git-lfs")) {
    return new FormatError("it is Git LFS's pointer to the file, not the file; run `git lfs pull`");
  }
  if (startsWith(bytes, "ustar", 257) || startsWith(bytes, "\x1f\x8b")) {
    return new FormatError("it is a tar or gzip archive; unpack it first");
  }
  return new FormatError("it is neither a safetensors file nor one of torch.save");
}

/** A header is JSON behind its length of eight bytes; a length of 640 begins as a pickle does, with 0x80 0x02. */
function looksLikeSafetensors(bytes: Uint8Array): boolean {
  return /^[{ \t\r\n]$/.test(String.fromCharCode(bytes[8])) &&
    bytes.subarray(4, 8).every((byte) => byte === 0);
}

function textsOf(value: unknown): Record<string, string> {
  const metadata = value instanceof Map ? value.get("metadata") : null;
  if (!(metadata instanceof Map)) return {};
  return Object.fromEntries([...metadata].filter(([, text]) => typeof text === "string"));
}

/** What is read of a file to tell what it is. */
const START = 512;
/** Pickles that are larger are tried with their beginning first. */
const LARGE_PICKLE = 1 << 26;

/** Refuses what turns out from a small part of a file to be no whole torch file, before all of it is read. */
function checkTorch(file: ByteSource): void {
  if (looksLikeTorch(file.read(0, START)) === "zip") {
    const base = Math.max(0, file.size - LONGEST_TAIL - START);
    findEnd(file.read(base, file.size), base);
  } else if (file.size > LARGE_PICKLE) {
    try {
      readTorch(file.read(0, LARGE_PICKLE));
    } catch (error) {
      if (!(error instanceof TruncatedError)) throw error;
    }
  }
}

function readTorchFile(bytes: Uint8Array): CheckpointFile {
  const { format, value } = readTorch(bytes);
  return { kind: format, value, metadata: textsOf(value) };
}

/** Tensors that are not read stand beside the others by their names. */
function readSafetensorsFile(file: ByteSource): CheckpointFile {
  const { tensors, metadata, unread } = readSafetensors(file);
  const named = [...unread].map(([name, type]) =>
    [name, new PyObject(`a tensor of ${type}`)] as const
  );
  return { kind: "safetensors", value: new Map<string, unknown>([...tensors, ...named]), metadata };
}

/**
 * Reads a checkpoint: safetensors, or what any version of `torch.save` wrote. The contents decide, not the name.
 *
 * @param file the whole file, which the tensors may go on using, or where it can be read from
 * @throws {FormatError} or {SafetensorsError} where it is damaged, or neither
 */
export function readCheckpoint(file: Uint8Array | ByteSource): CheckpointFile {
  const source = file instanceof Uint8Array ? inMemory(file) : file;
  const start = source.read(0, START);
  if (!looksLikeSafetensors(start) && looksLikeTorch(start)) {
    if (file instanceof Uint8Array) return readTorchFile(file);
    checkTorch(source);
    return readTorchFile(source.read(0, source.size));
  }
  if (!looksLikeSafetensors(start) && start[8] !== 0x7b) throw unknownFile(start);
  return readSafetensorsFile(source);
}
