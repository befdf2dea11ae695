import { UserError } from "../errors.ts";
import { isFolder } from "../formats/paths.ts";
import { visible } from "../formats/visible.ts";
import { asTyped } from "../config/typed_path.ts";
import { folderHandler } from "../web/serve_folder.ts";
import { interruptSignal } from "./terminal/interrupt_signal.ts";

const HOST = "127.0.0.1";
const PORT = 8000;
/** Ports that are tried from {@linkcode PORT} on where none is asked for. */
const TRIES = 20;

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
    const server = listen(folder, port, interrupt.signal);
    console.log(
      `${visible(asTyped(folder))} is at http://${HOST}:${server.addr.port}/ (Ctrl-C ends)`,
    );
    await server.finished;
    return interrupt.status;
  } finally {
    interrupt.dispose();
  }
}

function listen(
  folder: string,
  wanted: number | undefined,
  signal: AbortSignal,
): Deno.HttpServer<Deno.NetAddr> {
  const handler = folderHandler(folder);
  const ports = wanted === undefined ? Array.from({ length: TRIES }, (_, i) => PORT + i) : [wanted];
  for (const port of ports) {
    try {
      return Deno.serve({ hostname: HOST, port, signal, onListen: () => {} }, handler);
    } catch (error) {
      if (error instanceof Deno.errors.PermissionDenied) {
        throw new UserError(
          `the system does not let you serve at port ${port}; take another --port`,
        );
      }
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new UserError(
    wanted === undefined
      ? `the ports ${PORT} to ${PORT + TRIES - 1} are all taken; name a free one with --port`
      : `the port ${wanted} is taken by another program; name a free one with --port`,
  );
}
