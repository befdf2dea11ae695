import { WriteError } from "../formats/atomic_write.ts";
import { ioReason } from "../formats/io_reason.ts";

/**
 * Makes a folder and tries to write in it, so that a command fails before it computes anything.
 *
 * @throws WriteError naming the folder and the cause
 */
export function checkFolder(folder: string): void {
  try {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.removeSync(Deno.makeTempFileSync({ dir: folder, prefix: ".writable-" }));
  } catch (error) {
    throw new WriteError(`cannot write to ${folder}: ${ioReason(error)}`, { cause: error });
  }
}
