import { dirname } from "node:path";
import { WriteError } from "../formats/atomic_write.ts";
import { ioReason } from "../formats/io_reason.ts";

/**
 * A function that appends texts or bytes to a file, making the file and its folders where they are missing.
 *
 * @param path the file
 * @returns the function; it throws a `WriteError` that names the file where it cannot be written
 */
export function appendTo(path: string): (content: string | Uint8Array) => void {
  return (content) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    try {
      Deno.mkdirSync(dirname(path), { recursive: true });
      Deno.writeFileSync(path, bytes, { append: true });
    } catch (error) {
      throw new WriteError(`cannot write ${path}: ${ioReason(error)}`, { cause: error });
    }
  };
}
