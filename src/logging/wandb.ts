import { environment, granted } from "../formats/environment.ts";
import type { EventSink } from "../train/events.ts";
import { epochScalars } from "./log_scalars.ts";
import type { FromWandb, ToWandb, WandbStart } from "./wandb_messages.ts";

/** Longest wait for the server at the end of a run, in milliseconds. */
const PATIENCE = 30_000;

/** What of the surroundings decides whether W&B is used. */
export interface WandbSurroundings {
  /** A variable of the environment, or undefined where it is not set or may not be read. */
  readonly env: (name: string) => string | undefined;
  /** Address of a package, or null where it is not installed. */
  readonly resolve: (name: string) => string | null;
  /** Whether a permission is there; asks nobody. */
  readonly granted: (permission: Deno.PermissionDescriptor) => boolean;
}

/** Whether W&B is used, and how; or the reason why it is not, and what to do, as a clause. */
type WandbChoice =
  | { readonly use: true; readonly start: Pick<WandbStart, "module" | "apiKey" | "baseUrl"> }
  | { readonly use: false; readonly reason: string };

const PACKAGE = "@wandb/sdk";
const SERVER = "https://api.wandb.ai";
const NOT_ONLINE = ["disabled", "offline", "dryrun"];

const SURROUNDINGS: WandbSurroundings = {
  env: environment,
  resolve: (name) => {
    try {
      return import.meta.resolve(name);
    } catch {
      return null;
    }
  },
  granted,
};

/** Finds out whether W&B can be used: its key, its package and the permissions have to be there. */
export function wandbChoice(surroundings: WandbSurroundings = SURROUNDINGS): WandbChoice {
  const { env, resolve, granted } = surroundings;
  const no = (reason: string): WandbChoice => ({ use: false, reason });
  const mode = env("WANDB_MODE");
  if (mode && NOT_ONLINE.includes(mode)) return no(`WANDB_MODE is ${mode}`);
  const apiKey = env("WANDB_API_KEY");
  if (!apiKey) return no("there is no WANDB_API_KEY; set it, or LOG.WANDB False");
  const module = resolve(PACKAGE);
  if (!module) {
    return no(`the package ${PACKAGE} is not there; add it with: deno add npm:${PACKAGE}`);
  }
  const baseUrl = env("WANDB_BASE_URL") ?? SERVER;
  if (!URL.canParse(baseUrl)) return no(`WANDB_BASE_URL is no address: ${baseUrl}`);
  const { host } = new URL(baseUrl);
  // The package reads a good many variables, and Deno would stop to ask for each.
  if (!granted({ name: "net", host }) || !granted({ name: "env" })) {
    return no(
      `it needs --allow-net=${host} and --allow-env, as in: deno run -A mod.ts train ...`,
    );
  }
  return { use: true, start: { module, apiKey, baseUrl } };
}

/**
 * Sends the figures of every epoch to W&B. Its package runs in a thread of its own, since it takes signals, ends the
 * process and throws where nobody can catch; there, it can only end itself, and the run goes on without it.
 */
export class WandbLog {
  readonly #worker: Worker;
  #open = true;
  #finished: () => void = () => {};

  /**
   * Starts a W&B run, without waiting for it.
   *
   * @param note told in one sentence when W&B fails, once
   * @param patience longest wait of {@linkcode WandbLog.close} in milliseconds; default 30 seconds
   */
  constructor(
    options: WandbStart,
    readonly note: (message: string) => void,
    readonly patience: number = PATIENCE,
  ) {
    this.#worker = new Worker(new URL("./wandb_worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWandb>) => {
      if (data.type === "finished") this.#end();
      else this.#fail(data.message);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(event.message);
    };
    this.#send({ type: "start", options });
  }

  /** Logs epochs with the epoch as their step. */
  readonly sink: EventSink = (event) => {
    if (event.type !== "epoch_end") return;
    this.#send({ type: "log", data: epochScalars(event), step: event.epoch });
  };

  /** Waits until everything is sent, or for too long. */
  async close(): Promise<void> {
    if (!this.#open) return;
    const finished = new Promise<void>((resolve) => this.#finished = resolve);
    const timer = setTimeout(
      () => this.#fail(`no answer in ${Math.round(this.patience / 1000)} s`),
      this.patience,
    );
    this.#send({ type: "finish" });
    await finished;
    clearTimeout(timer);
  }

  #send(message: ToWandb): void {
    if (this.#open) this.#worker.postMessage(message);
  }

  #fail(message: string): void {
    if (!this.#open) return;
    this.#end();
    this.note(`W&B failed and is off from here on, the run's own logs go on: ${message}`);
  }

  #end(): void {
    this.#open = false;
    this.#worker.terminate();
    this.#finished();
  }
}
