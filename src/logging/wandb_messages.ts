/** What the trainer's thread tells the one that talks to W&B: to start a run, to log figures, to send the rest. */
export type ToWandb =
  | { readonly type: "start"; readonly options: WandbStart }
  | { readonly type: "log"; readonly data: Readonly<Record<string, number>>; readonly step: number }
  | { readonly type: "finish" };

/** How a W&B run starts. */
export interface WandbStart {
  /** Address of the package `@wandb/sdk`. */
  readonly module: string;
  /** The key of WANDB_API_KEY. */
  readonly apiKey: string;
  /** The server. */
  readonly baseUrl: string;
  /** Project of the run. */
  readonly project: string;
  /** Name to show. */
  readonly name: string;
  /** The configuration, to show. */
  readonly config: unknown;
}

/** What comes back: what went wrong, or that all is sent. */
export type FromWandb =
  | { readonly type: "failed"; readonly message: string }
  | { readonly type: "finished" };
