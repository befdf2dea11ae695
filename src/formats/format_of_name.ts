import { extname } from "node:path";
import { FormatError } from "./format_error.ts";

/** The formats that checkpoints and cost matrices are written in. */
type WrittenFormat = "safetensors" | "torch";

/** The format that each extension stands for; the authors' checkpoints have none. */
const FORMATS: ReadonlyMap<string, WrittenFormat> = new Map([
  [".safetensors", "safetensors"],
  [".pth", "torch"],
  [".pt", "torch"],
  [".ckpt", "torch"],
  [".pkl", "torch"],
  ["", "torch"],
]);

/**
 * The format that a new file's name asks for.
 *
 * @throws {FormatError} where its extension says none
 */
export function formatOfName(path: string): WrittenFormat {
  const extension = extname(path).toLowerCase();
  const format = FORMATS.get(extension);
  if (format) return format;
  throw new FormatError(
    `${path}: the extension ${extension} says no format; use .safetensors, or .pth or .pt for torch`,
  );
}
