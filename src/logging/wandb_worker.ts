/// <reference lib="deno.worker" />
import type { FromWandb, ToWandb } from "./wandb_messages.ts";

/** The part of `@wandb/sdk` that is used. */
interface WandbSdk {
  init(options: Record<string, unknown>): Promise<unknown>;
  log(data: Record<string, number>, step: number): void;
  finish(): Promise<void>;
}

let sdk: WandbSdk | null = null;

async function handle(message: ToWandb): Promise<void> {
  if (message.type === "start") {
    const { module, apiKey, baseUrl, ...run } = message.options;
    const loaded = (await import(module)).default as WandbSdk;
    await loaded.init({ ...run, settings: { apiKey, baseUrl, silent: true } });
    sdk = loaded;
  } else if (message.type === "log") {
    sdk?.log({ ...message.data }, message.step);
  } else {
    await sdk?.finish();
    answer({ type: "finished" });
  }
}

function answer(message: FromWandb): void {
  self.postMessage(message);
}

function fail(error: unknown): void {
  sdk = null;
  const message = String((error as Error | null)?.message ?? error).split("\n")[0];
  answer({ type: "failed", message });
}

// The package throws in callbacks, too.
self.addEventListener("error", (event) => {
  event.preventDefault();
  fail(event.error ?? event.message);
});
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  fail(event.reason);
});

let last: Promise<void> = Promise.resolve();
self.onmessage = ({ data }: MessageEvent<ToWandb>) => {
  last = last.then(() => handle(data)).catch(fail);
};
