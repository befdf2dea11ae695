/** Watches for Ctrl-C: the first one asks to stop after the step under way, the second ends at once. */
export function interruptSignal(): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) Deno.exit(130);
    controller.abort();
    console.error("\nstopping after this step; press Ctrl-C again to end without saving");
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, onInterrupt);
  return {
    signal: controller.signal,
    dispose: () => signals.forEach((signal) => Deno.removeSignalListener(signal, onInterrupt)),
  };
}
