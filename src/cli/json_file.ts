import { UserError } from "../errors.ts";
import { writeFileAtomic } from "../formats/atomic_write.ts";
import { ioReason } from "../formats/io_reason.ts";
import { readRegularFile } from "../formats/read_file.ts";

/**
 * Reads a JSON file.
 *
 * @returns its value, or null where there is no file
 * @throws UserError where it cannot be read or is not JSON
 */
export function readJson<T>(path: string): T | null {
  let text: string;
  try {
    text = new TextDecoder().decode(readRegularFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new UserError(`cannot read ${path}: ${ioReason(error)}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path} is not JSON: ${(error as Error).message}; move it away`);
  }
}

/** Writes a value as JSON, indented, whole or not at all. */
export function writeJson(path: string, value: unknown): void {
  writeFileAtomic(path, JSON.stringify(value, null, 2) + "\n");
}
