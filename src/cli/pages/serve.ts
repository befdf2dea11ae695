import { UserError } from "../../errors.ts";
import { isFolder } from "../../formats/paths.ts";
import { visible } from "../../formats/visible.ts";
import { asTyped } from "../../config/typed_path.ts";
import { listenLocally, LOCAL_HOST } from "../../web/local_server.ts";
import { folderHandler } from "../../web/serve_folder.ts";
import { interruptSignal } from "../terminal/interrupt_signal.ts";

const PORT = 8000;

/**
 * Serves a folder to the browsers of this machine until Ctrl-C.
 *
 * @param folder as the program opens it
 * @param port the port; default the first free one from 8000 on
 * @returns the exit status
 * @throws UserError where there is no such folder, or the port is taken
 */
export async function serve(folder: string, port?: number): Promise<number> {
  if (!isFolder(folder)) {
    throw new UserError(
      `${asTyped(folder)} is no folder; name one that export --to web has written`,
    );
  }
  const interrupt = interruptSignal("no longer serving");
  try {
    const options = { port, first: PORT, option: "--port", signal: interrupt.signal };
    const server = listenLocally(folderHandler(folder), options);
    console.log(
      `${visible(asTyped(folder))} is at http://${LOCAL_HOST}:${server.addr.port}/ (Ctrl-C ends)`,
    );
    await server.finished;
    return interrupt.status;
  } finally {
    interrupt.dispose();
  }
}
