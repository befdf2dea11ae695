import { ioReason } from "../formats/io_reason.ts";
import { shown } from "../formats/visible.ts";

/** What stands in a name for bytes that are no UTF-8. */
const UNREADABLE = "\ufffd";

/** Why a file or folder could not be read, where its name or a link is to blame; null where neither is. */
function nameReason(path: string): string | null {
  if (path.includes(UNREADABLE)) {
    return `its name is not UTF-8 (the parts shown as ${UNREADABLE}), and Deno cannot open it; rename it`;
  }
  try {
    return `it is a link to ${shown(Deno.readLinkSync(path), 400)}, which is not there`;
  } catch {
    return null;
  }
}

/** Why a file or folder that was listed could not be read, in a few words. */
export function fileReason(path: string, error: unknown): string {
  const isMissing = error instanceof Deno.errors.NotFound;
  return (isMissing ? nameReason(path) : null) ?? ioReason(error);
}
