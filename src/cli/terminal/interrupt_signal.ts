import { hangupIgnored } from "./hangup.ts";

/** Exit status after a mistake or a failure. */
export const FAILED = 1;

/** Exit status of a command that was interrupted, as shells report SIGINT. */
const INTERRUPTED = 130;

/** What {@linkcode interruptSignal} returns. */
export interface Interrupt {
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Exit status of a command that the signal ended: 128 and the signal's number, as shells report it. */
  readonly status: number;
  /** Gives Ctrl-C its usual meaning back. */
  dispose(): void;
}

/** Milliseconds in which Ctrl-C is the first one again: a terminal's may come to a task and, passed on by it, to its command. */
const SAME_MS = 200;

const STATUS: Readonly<Partial<Record<Deno.Signal, number>>> = {
  SIGINT: INTERRUPTED,
  SIGTERM: 143,
  SIGHUP: 129,
};

function signals(): Deno.Signal[] {
  if (Deno.build.os === "windows") return ["SIGINT"];
  return ["SIGINT", "SIGTERM", ...(hangupIgnored() ? [] : ["SIGHUP"] as const)];
}

/**
 * Watches for Ctrl-C, SIGTERM and SIGHUP (a closed terminal, a lost connection, a scheduler): the first one asks to stop after
 * the step under way, a second Ctrl-C ends at once. SIGHUP is left ignored where the command was started so
 * (`nohup`).
 *
 * @param message printed at the first one; nothing where it is empty
 */
export function interruptSignal(
  message = "stopping after this step; press Ctrl-C again to end without saving",
): Interrupt {
  const controller = new AbortController();
  let status = INTERRUPTED;
  let first = 0;
  const listeners = signals().map((signal) => {
    const onSignal = () => {
      if (controller.signal.aborted) {
        if (signal === "SIGINT" && performance.now() - first > SAME_MS) Deno.exit(STATUS[signal]);
        return;
      }
      first = performance.now();
      status = STATUS[signal] ?? INTERRUPTED;
      controller.abort();
      if (message !== "") console.error(`\n${message}`);
    };
    Deno.addSignalListener(signal, onSignal);
    return [signal, onSignal] as const;
  });
  return {
    signal: controller.signal,
    get status() {
      return status;
    },
    dispose: () => listeners.forEach(([signal, on]) => Deno.removeSignalListener(signal, on)),
  };
}
