/** Clients at most; of more every one is refused. */
const CLIENTS = 32;
/** Bytes that may wait for a client: one that reads so slowly is let go, and may come again. */
const WAITING = 1 << 20;
/** What is sent where there is nothing to say, so that a connection that died is noticed. */
const NOTHING = ": still here\n\n";
/** Milliseconds after which a browser comes again. */
const RETRY_MS = 2000;

const encoder = new TextEncoder();

/** A message of a server-sent event stream. */
export interface HubEvent {
  /** Its name. */
  readonly event: string;
  /** What it carries, as JSON. */
  readonly data: unknown;
}

/**
 * Sends the same events to every client, as server-sent events. Nothing waits for a client: what it has not read yet is kept
 * for it up to a bound, then the connection is closed. A browser connects again by itself, and is told all anew.
 */
export class EventHub {
  readonly #clients = new Set<ReadableStreamDefaultController<Uint8Array>>();
  /** Clients that were let go because they did not read. */
  dropped = 0;

  /** Has no clients yet; `waiting` is how many bytes may wait for one, default 1 MiB. */
  constructor(readonly waiting = WAITING) {}

  /** How many clients there are. */
  get clients(): number {
    return this.#clients.size;
  }

  /**
   * A stream for one more client.
   *
   * @param first what it is told at once
   * @returns the answer to its request; one that refuses it where there are too many
   */
  connect(first: readonly HubEvent[]): Response {
    if (this.#clients.size >= CLIENTS) {
      return new Response(`${CLIENTS} pages are open already`, { status: 503 });
    }
    let mine: ReadableStreamDefaultController<Uint8Array>;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        mine = controller;
        this.#clients.add(controller);
        const head = `retry: ${RETRY_MS}\n\n${first.map(eventText).join("")}`;
        controller.enqueue(encoder.encode(head));
      },
      cancel: () => void this.#clients.delete(mine),
    }, new ByteLengthQueuingStrategy({ highWaterMark: this.waiting }));
    return new Response(stream, {
      headers: {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      },
    });
  }

  /** Tells every client; without events, that the server is there. */
  send(events: readonly HubEvent[]): void {
    if (this.#clients.size === 0) return;
    const bytes = encoder.encode(events.length > 0 ? events.map(eventText).join("") : NOTHING);
    for (const client of this.#clients) this.#sendTo(client, bytes);
  }

  /** Ends all streams after what they still have to tell. */
  close(): void {
    for (const client of this.#clients) {
      try {
        client.close();
      } catch {
        // It went by itself.
      }
    }
    this.#clients.clear();
  }

  #sendTo(client: ReadableStreamDefaultController<Uint8Array>, bytes: Uint8Array): void {
    try {
      if ((client.desiredSize ?? 0) > 0) return client.enqueue(bytes);
      this.dropped++;
      client.error(new Error("the page reads too slowly"));
    } catch {
      // It went by itself.
    }
    this.#clients.delete(client);
  }
}

/** An event as the stream has it; JSON has no line breaks. */
function eventText({ event, data }: HubEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
