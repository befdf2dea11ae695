import { FormatError } from "../format_error.ts";
import { readTorchLegacy } from "./read_torch_legacy.ts";
import { readTorchZip } from "./read_torch_zip.ts";
import { Allowance } from "./torch_storage.ts";

/** `zip` since PyTorch 1.6, `legacy` before it, `pickle` without torch. */
export type TorchFormat = "zip" | "legacy" | "pickle";

/** What {@linkcode readTorch} returns. */
interface TorchFile {
  /** How the file is built. */
  readonly format: TorchFormat;
  /**
   * The object that was saved: `Map` for dicts, arrays for lists, `PyTuple`, plain numbers and texts, and tensors and
   * NumPy arrays as `SafetensorsTensor`.
   */
  readonly value: unknown;
}

/** Tensors may take this many times the file's size together, and the second number of bytes beside. */
const MOST_GROWTH = 16;
const SMALL = 1 << 28;

/** Whether bytes begin as `torch.save`'s files or pickles of protocol 2 and later do, and as which; null for neither. */
export function looksLikeTorch(bytes: Uint8Array): "zip" | "pickle" | null {
  if (isZip(bytes)) return "zip";
  return bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5 ? "pickle" : null;
}

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
}

/**
 * Reads a file of `torch.save`, of any version of PyTorch, by its contents. Nothing in the file is executed: names that
 * are not on a list of plain data types are an error. Tensors' numbers are read when they are asked for.
 *
 * @param bytes the whole file, which the tensors go on using
 * @throws {FormatError} where the file is damaged or hostile, or holds what is not read
 */
export function readTorch(bytes: Uint8Array): TorchFile {
  const allowance = new Allowance(MOST_GROWTH * bytes.length + SMALL);
  if (isZip(bytes)) return { format: "zip", value: readTorchZip(bytes, allowance) };
  if (!looksLikeTorch(bytes)) {
    throw new FormatError("it begins neither as a zip archive nor as a pickle");
  }
  const { value, torch } = readTorchLegacy(bytes, allowance);
  return { format: torch ? "legacy" : "pickle", value };
}
