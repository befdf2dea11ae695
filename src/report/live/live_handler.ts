import type { EventHub, HubEvent } from "./event_hub.ts";

/** Names by which a browser on this machine asks; another one would be a stranger's page that points its name here. */
const HOSTS = ["127.0.0.1", "localhost"];
/** Characters of a token. */
const TOKEN = 32;
/** Of every answer: nobody keeps it, shows it in a frame, or learns the address from it. */
const ALWAYS = {
  "cache-control": "no-store",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** What {@linkcode liveHandler} serves. */
interface LiveParts {
  /** What the address holds, so that nobody who does not know it sees the page; of {@linkcode newToken}. */
  readonly token: string;
  /** The page as HTML, with the run as it is now. */
  readonly page: () => Promise<string>;
  /** Whom events go to. */
  readonly hub: EventHub;
  /** What somebody who comes now is told. */
  readonly now: () => readonly HubEvent[];
  /** Asks the run to stop; null where it cannot be asked. */
  readonly stop: (() => void) | null;
}

/** A token that nobody guesses: 128 random bits. */
export function newToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN / 2));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Answers the requests of a live page: `GET /TOKEN/` is the page, `GET /TOKEN/events` what it is told, `POST /TOKEN/stop` asks
 * the run to stop, and that is all. Requests under another name than this machine's, or from another page, are refused.
 */
export function liveHandler(parts: LiveParts): (request: Request) => Promise<Response> {
  return async (request) => {
    const { hostname, pathname, origin } = new URL(request.url);
    if (!HOSTS.includes(hostname)) return refuse(403, "this page is for this machine alone");
    const from = request.headers.get("origin");
    if (from !== null && from !== origin) return refuse(403, "this request is of another page");
    const [, token = "", what, ...more] = pathname.split("/");
    if (!sameText(token, parts.token) || what === undefined || more.length > 0) {
      return refuse(404, "there is nothing here; the whole address is in the terminal");
    }
    if (what === "") return await page(request, parts);
    if (what === "events") {
      if (request.method !== "GET") return refuse(405, "this is to be read", { allow: "GET" });
      return parts.hub.connect(parts.now());
    }
    if (what === "stop") return stop(request, from, parts);
    return refuse(404, "there is nothing here");
  };
}

async function page({ method }: Request, parts: LiveParts): Promise<Response> {
  if (method !== "GET" && method !== "HEAD") {
    return refuse(405, "this is to be read", { allow: "GET, HEAD" });
  }
  const headers = { "content-type": "text/html; charset=utf-8", ...ALWAYS };
  return new Response(method === "HEAD" ? null : await parts.page(), { headers });
}

function stop({ method }: Request, from: string | null, parts: LiveParts): Response {
  if (method !== "POST") return refuse(405, "stopping takes a POST", { allow: "POST" });
  if (from === null) return refuse(403, "only the page itself may stop the run");
  if (!parts.stop) return refuse(409, "this page watches the run of another process");
  parts.stop();
  return new Response(null, { status: 202, headers: ALWAYS });
}

/** Whether two texts are the same, in a time that does not say where they differ. */
function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) {
    difference |= a.charCodeAt(i % (a.length || 1)) ^ b.charCodeAt(i);
  }
  return difference === 0;
}

function refuse(status: number, why: string, headers: Record<string, string> = {}): Response {
  const type = { "content-type": "text/plain; charset=utf-8" };
  return new Response(why, { status, headers: { ...type, ...ALWAYS, ...headers } });
}
