import { listenLocally, LOCAL_HOST } from "../../web/local_server.ts";
import type { LiveMessages } from "../client/live_data.ts";
import { EventHub, type HubEvent } from "./event_hub.ts";
import { liveHandler, newToken } from "./live_handler.ts";
import { renderLivePage } from "./live_page.ts";
import type { LiveState, LiveStatus } from "./live_state.ts";
import { liveView } from "./live_view.ts";

/** Ports begin here where none is asked for. */
const PORT = 8100;
/** Milliseconds between two looks at the run. */
const TICK_MS = 500;
/** Looks between two sendings of the curves. */
const CURVES_EVERY = 4;
/** Looks after which a connection without news is told that it lives. */
const QUIET = 30;
/** Milliseconds that the last words may take to reach the pages. */
const LAST_MS = 1000;

/** What {@linkcode LiveServer} needs. */
interface LiveServerOptions {
  /** The run. */
  readonly state: LiveState;
  /** The port; default the first free one from 8100 on. */
  readonly port?: number;
  /** What asks for a port, for messages. */
  readonly option: string;
  /** Asks the run to stop; null where it cannot be asked. */
  readonly stop: (() => void) | null;
}

/** Shows a run to the browsers of this machine, at an address that nobody guesses. */
export class LiveServer {
  /** Where the page is. */
  readonly address: string;
  readonly #options: LiveServerOptions;
  readonly #hub = new EventHub();
  readonly #closing = new AbortController();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #timer: ReturnType<typeof setInterval>;
  #state: LiveState;
  /** What was sent last. */
  #status: LiveStatus | null = null;
  #changes = -1;
  #lines = 0;
  #ticks = 0;
  #quiet = 0;

  /**
   * Listens.
   *
   * @throws UserError where the port is taken, or none is free
   */
  constructor(options: LiveServerOptions) {
    const { port, option, stop } = this.#options = options;
    this.#state = options.state;
    const token = newToken();
    const handler = liveHandler({
      ...{ token, hub: this.#hub, stop },
      page: () => renderLivePage(this.#messages()),
      now: () => eventsOf(this.#messages()),
    });
    const { signal } = this.#closing;
    this.#server = listenLocally(handler, { port, first: PORT, option, signal });
    this.address = `http://${LOCAL_HOST}:${this.#server.addr.port}/${token}/`;
    this.#timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** Shows another run from now on. */
  set state(state: LiveState) {
    this.#state = state;
    [this.#status, this.#changes, this.#lines] = [null, -1, 0];
  }

  /** How many pages are open. */
  get clients(): number {
    return this.#hub.clients;
  }

  /** Tells the pages what is new; where none is open, nothing is done. */
  tick(): void {
    if (this.#hub.clients === 0) return;
    const events = [...this.#newView(), ...this.#newLines(), ...this.#newCurves()];
    if (events.length === 0 && ++this.#quiet < QUIET) return;
    this.#quiet = 0;
    this.#hub.send(events);
  }

  /** Tells the last words and ends; a page that does not listen is not waited for. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#hub.send([...eventsOf(this.#messages()), { event: "end", data: null }]);
    this.#hub.close();
    let timer: ReturnType<typeof setTimeout>;
    const late = new Promise<true>((resolve) => timer = setTimeout(() => resolve(true), LAST_MS));
    const wasLate = await Promise.race([this.#server.shutdown(), late]);
    clearTimeout(timer!);
    if (wasLate) this.#closing.abort();
  }

  #messages(): LiveMessages {
    const state = this.#state;
    return { view: liveView(state.status), curves: state.curves(), lines: state.lines() };
  }

  #newView(): HubEvent[] {
    const { status } = this.#state;
    if (status === this.#status) return [];
    this.#status = status;
    return [{ event: "view", data: liveView(status) }];
  }

  #newLines(): HubEvent[] {
    const lines = this.#state.lines(this.#lines);
    if (lines.lines.length === 0) return [];
    this.#lines = lines.first + lines.lines.length;
    return [{ event: "lines", data: lines }];
  }

  #newCurves(): HubEvent[] {
    if (this.#ticks++ % CURVES_EVERY !== 0) return [];
    const { changes } = this.#state;
    if (changes === this.#changes) return [];
    this.#changes = changes;
    return [{ event: "curves", data: this.#state.curves() }];
  }
}

function eventsOf(messages: LiveMessages): HubEvent[] {
  return Object.entries(messages).map(([event, data]) => ({ event, data }));
}
