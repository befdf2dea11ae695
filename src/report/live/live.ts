import { UserError } from "../../errors.ts";
import type { EventSink } from "../../train/events.ts";
import type { LiveNews } from "./live_state.ts";

/** What the thread with the page is told. */
export type ToLive =
  | { readonly type: "open"; readonly port: number | undefined }
  | { readonly type: "news"; readonly news: LiveNews }
  | { readonly type: "close"; readonly reason: string | null };

/** What it says. */
export type FromLive =
  | { readonly type: "open"; readonly address: string }
  | { readonly type: "refused"; readonly message: string }
  | { readonly type: "stop" }
  | { readonly type: "closed" };

/** Milliseconds between two times that something is counted, and between two looks at the memory. */
const [COUNT_MS, MEMORY_MS] = [200, 1000];
/** Milliseconds that the page's last words may take. */
const LAST_MS = 2000;

/** What {@linkcode LivePage.open} takes. */
interface LivePageOptions {
  /** The port; default the first free one from 8100 on. */
  readonly port?: number;
  /** Called when somebody asks the run to stop. */
  readonly stop: () => void;
  /** Told in a sentence where the page fails; the run goes on without it. */
  readonly note: (message: string) => void;
}

/**
 * A page that shows a run while it trains. It is made and served in a thread of its own, so that neither browsers nor what
 * they are told takes time of the run's; and a run that computes for long does not keep a browser waiting.
 */
export class LivePage {
  /** The most bytes that tensors took on the device so far; null where that is not known. */
  deviceMemory: (() => number) | null = null;
  #worker: Worker | null;
  #counted = -Infinity;
  #measured = -Infinity;
  #closed: () => void = () => {};

  private constructor(worker: Worker, readonly address: string, options: LivePageOptions) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromLive>) => {
      if (data.type === "closed") this.#closed();
      if (data.type !== "stop") return;
      this.tell({ type: "stopping" });
      options.stop();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end();
      options.note(`the live page failed and is off, the run goes on: ${event.message}`);
    };
  }

  /**
   * Serves the page.
   *
   * @throws UserError where the port is taken, or the network may not be used
   */
  static async open(options: LivePageOptions): Promise<LivePage> {
    const worker = new Worker(new URL("./live_worker.ts", import.meta.url), { type: "module" });
    try {
      const address = await new Promise<string>((resolve, reject) => {
        worker.onmessage = ({ data }: MessageEvent<FromLive>) => {
          if (data.type === "open") resolve(data.address);
          if (data.type === "refused") reject(new UserError(data.message));
        };
        worker.onerror = (event) => {
          event.preventDefault();
          reject(new UserError(`the live page cannot be served: ${event.message}`));
        };
        worker.postMessage({ type: "open", port: options.port } satisfies ToLive);
      });
      return new LivePage(worker, address, options);
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  /** Shows what the trainer tells. */
  readonly sink: EventSink = (event) => {
    const now = performance.now();
    if (event.type === "step" && this.deviceMemory && now - this.#measured > MEMORY_MS) {
      this.#measured = now;
      this.tell({ type: "memory", device: this.deviceMemory(), process: null });
    }
    if (event.type === "point" || event.type === "checkpoint") return;
    this.tell(event);
  };

  /** Shows something else of the run. */
  tell(news: LiveNews): void {
    if (news.type === "evaluate" || news.type === "cost_matrix" || news.type === "counted") {
      const now = performance.now();
      if (now - this.#counted < COUNT_MS && news.done < news.total) return;
      this.#counted = now;
    }
    this.#post({ type: "news", news });
  }

  /**
   * Says how the process ends, and ends the page; browsers keep what they show.
   *
   * @param reason why, where it is not as it should be; else null
   */
  async close(reason: string | null): Promise<void> {
    if (!this.#worker) return;
    const closed = new Promise<void>((resolve) => this.#closed = resolve);
    const timer = setTimeout(() => this.#closed(), LAST_MS);
    this.#post({ type: "close", reason });
    await closed;
    clearTimeout(timer);
    this.#end();
  }

  #post(message: ToLive): void {
    this.#worker?.postMessage(message);
  }

  #end(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#closed();
  }
}
