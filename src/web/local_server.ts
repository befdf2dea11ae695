import { UserError } from "../errors.ts";

/** The only address that is listened at: browsers on this machine see it, nobody else does. */
export const LOCAL_HOST = "127.0.0.1";

/** Ports that are tried where none is asked for. */
const TRIES = 20;
const HIGHEST = 65535;

/** Where {@linkcode listenLocally} listens. */
interface LocalServerOptions {
  /** The port that was asked for, and no other. */
  readonly port?: number;
  /** Else the first free one from here on. */
  readonly first: number;
  /** What asks for a port, such as `--port`. */
  readonly option: string;
  /** Ends it when aborted. */
  readonly signal: AbortSignal;
}

/**
 * Serves browsers on this machine.
 *
 * @throws UserError where the port is taken, or the system does not give it
 */
export function listenLocally(
  handler: (request: Request) => Response | Promise<Response>,
  { port: wanted, first, option, signal }: LocalServerOptions,
): Deno.HttpServer<Deno.NetAddr> {
  const last = Math.min(HIGHEST, first + TRIES - 1);
  const ports = wanted === undefined
    ? Array.from({ length: last - first + 1 }, (_, i) => first + i)
    : [wanted];
  for (const port of ports) {
    try {
      return Deno.serve({ hostname: LOCAL_HOST, port, signal, onListen: () => {} }, handler);
    } catch (error) {
      if (error instanceof Deno.errors.PermissionDenied) {
        throw new UserError(
          `the system does not let you serve at port ${port}; take another ${option}`,
        );
      }
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new UserError(
    wanted === undefined
      ? `the ports ${first} to ${last} are all taken; name a free one with ${option}`
      : `the port ${wanted} is taken by another program; name a free one with ${option}`,
  );
}
