/** What {@linkcode interruptSignal} returns. */
export interface Interrupt {
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Gives Ctrl-C its usual meaning back. */
  dispose(): void;
}

/**
 * Watches for Ctrl-C: the first one asks to stop after the step under way, the second ends at once.
 *
 * @param message printed at the first one
 */
export function interruptSignal(
  message = "stopping after this step; press Ctrl-C again to end without saving",
): Interrupt {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) Deno.exit(130);
    controller.abort();
    console.error(`\n${message}`);
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, onInterrupt);
  return {
    signal: controller.signal,
    dispose: () => signals.forEach((signal) => Deno.removeSignalListener(signal, onInterrupt)),
  };
}
