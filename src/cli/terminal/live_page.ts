import { UserError } from "../../errors.ts";
import { granted } from "../../formats/environment.ts";
import { FailedRun, firstError } from "../../run/failed_run.ts";
import { LivePage } from "../../report/live/live.ts";
import { LOCAL_HOST } from "../../web/local_server.ts";
import type { Interrupt } from "./interrupt_signal.ts";

const NETWORK = { name: "net", host: LOCAL_HOST } as const;

/** What `--live [PORT]` says: a port, or that any will do; undefined where it was not given. */
export type LiveFlag = number | true | undefined;

/**
 * Runs with the page that `--live` asks for, saying where it is; it ends with the run, and tells why.
 *
 * @param interrupt is told where somebody stops the run on the page
 * @param run is given the page, or null where there is none
 * @throws UserError where the port is taken, or the network may not be used; as `run` does
 */
export async function withLivePage<T>(
  flag: LiveFlag,
  interrupt: Interrupt,
  run: (page: LivePage | null) => Promise<T>,
): Promise<T> {
  if (flag === undefined) return await run(null);
  const page = await openLivePage(flag, interrupt);
  let reason: string | null = null;
  try {
    return await run(page);
  } catch (error) {
    const first = firstError(error instanceof FailedRun ? error.cause : error);
    reason = first instanceof Error ? first.message : String(first);
    throw error;
  } finally {
    // Where the run has told that it stopped, that counts.
    await page.close(reason ?? (interrupt.signal.aborted ? "stopped" : null));
  }
}

async function openLivePage(flag: number | true, interrupt: Interrupt): Promise<LivePage> {
  if (!granted(NETWORK)) {
    throw new UserError(
      `--live shows the run at ${LOCAL_HOST}: it needs --allow-net=${LOCAL_HOST}`,
    );
  }
  const page = await LivePage.open({
    port: flag === true ? undefined : flag,
    stop: interrupt.stop,
    note: (message) => console.error(message),
  });
  console.log(`live page: ${page.address}`);
  return page;
}

/**
 * Has the process give up the network that its task has for `--live`. Whoever may use every network keeps it: other things of
 * a run need it.
 */
export function giveUpNetwork(): void {
  if (granted({ name: "net" }) || !granted(NETWORK)) return;
  Deno.permissions.revokeSync(NETWORK);
}
