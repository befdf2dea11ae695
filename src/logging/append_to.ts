import { dirname } from "@std/path";
import { WriteError } from "../formats/atomic_write.ts";
import { ioReason } from "../formats/io_reason.ts";

/**
 * A function that appends texts to a file, making the file and its folders where they are missing.
 *
 * @param path the file
 * @returns the function; it throws a `WriteError` that names the file where it cannot be written
 */
export function appendTo(path: string): (text: string) => void {
  return (text) => {
    try {
      Deno.mkdirSync(dirname(path), { recursive: true });
      Deno.writeTextFileSync(path, text, { append: true });
    } catch (error) {
      throw new WriteError(`cannot write ${path}: ${ioReason(error)}`, { cause: error });
    }
  };
}
