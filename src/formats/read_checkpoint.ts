import { FormatError } from "./format_error.ts";
import { readSafetensors } from "./read_safetensors.ts";
import { looksLikeTorch, readTorch, type TorchFormat } from "./torch/read_torch.ts";

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
  return bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0);
}

function textsOf(value: unknown): Record<string, string> {
  const metadata = value instanceof Map ? value.get("metadata") : null;
  if (!(metadata instanceof Map)) return {};
  return Object.fromEntries([...metadata].filter(([, text]) => typeof text === "string"));
}

/**
 * Reads a checkpoint: safetensors, or what any version of `torch.save` wrote. The contents decide, not the name.
 *
 * @param bytes the whole file, which the tensors may go on using
 * @throws {FormatError} or {SafetensorsError} where it is damaged, or neither
 */
export function readCheckpoint(bytes: Uint8Array): CheckpointFile {
  if (!looksLikeSafetensors(bytes) && looksLikeTorch(bytes)) {
    const { format, value } = readTorch(bytes);
    return { kind: format, value, metadata: textsOf(value) };
  }
  if (bytes[8] !== 0x7b) throw unknownFile(bytes);
  const { tensors, metadata } = readSafetensors(bytes);
  return { kind: "safetensors", value: tensors, metadata };
}
