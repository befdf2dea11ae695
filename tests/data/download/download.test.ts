import { createHash } from "node:crypto";
import { join } from "@std/path";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { download, type DownloadOptions } from "../../../src/data/download/download.ts";
import type { PublishedArchive } from "../../../src/data/definition.ts";
import { inTempDir } from "../../temp_dir.ts";

const CONTENT = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7 + (i >> 8)) % 256);
const MD5 = createHash("md5").update(CONTENT).digest("hex");

interface Served {
  readonly archive: PublishedArchive;
  /** The `range` header of every request. */
  readonly ranges: (string | null)[];
}

type Handler = (request: Request, from: number, count: number) => Response;

/** A body that breaks off after `bytes`. */
function broken(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let sent = false;
  return new ReadableStream({
    pull: (controller) => {
      if (sent) return controller.error(new Error("broken off"));
      sent = true;
      controller.enqueue(bytes);
    },
  });
}

function whole(from: number, body: BodyInit = CONTENT.slice(from)): Response {
  const length = CONTENT.length - from;
  const headers: Record<string, string> = { "content-length": String(length) };
  if (from > 0) {
    headers["content-range"] = `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}`;
  }
  return new Response(body, { status: from > 0 ? 206 : 200, headers });
}

/** Runs `fn` beside a server whose answers `handler` makes. */
async function served(handler: Handler, fn: (served: Served) => Promise<void>): Promise<void> {
  const ranges: (string | null)[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, onError: () => new Response("") },
    (request) => {
      const range = request.headers.get("range");
      ranges.push(range);
      return handler(request, range ? Number(/\d+/.exec(range)![0]) : 0, ranges.length);
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}/a.tar.gz`;
  try {
    await fn({ archive: { url, file: "a.tar.gz", size: CONTENT.length, md5: MD5 }, ranges });
  } finally {
    await server.shutdown();
  }
}

/** Runs `fn` beside a server, with the place for its file. */
function withServer(
  handler: Handler,
  fn: (context: Served & { path: string; options: DownloadOptions }) => Promise<void>,
): Promise<void> {
  return inTempDir((root) =>
    served(handler, (context) => {
      const path = join(root, "data", "a.tar.gz");
      return fn({ ...context, path, options: { path, retryMs: 1 } });
    })
  );
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

Deno.test("download() fetches a file and checks it, once", async () => {
  await withServer((_, from) => whole(from), async ({ archive, path, options, ranges }) => {
    const seen: number[] = [];
    const onProgress = (done: number, total: number) => {
      assertEquals(total, CONTENT.length);
      seen.push(done);
    };
    assertEquals(await download(archive, { ...options, onProgress }), "downloaded");
    assertEquals(Deno.readFileSync(path), CONTENT);
    assert(!exists(`${path}.part`));
    assertEquals(seen.at(-1), CONTENT.length);
    assertEquals(await download(archive, options), "already there");
    assertEquals(ranges, [null]);
  });
});

Deno.test("download() goes on where the connection broke off", async () => {
  const handler: Handler = (_, from, count) =>
    count <= 3 ? whole(from, broken(CONTENT.slice(from, from + 50_000))) : whole(from);
  await withServer(handler, async ({ archive, path, options, ranges }) => {
    assertEquals(await download(archive, options), "downloaded");
    assertEquals(Deno.readFileSync(path), CONTENT);
    assertEquals(ranges, [null, "bytes=50000-", "bytes=100000-", "bytes=150000-"]);
  });
});

Deno.test("download() goes on with what an earlier run left", async () => {
  await withServer((_, from) => whole(from), async ({ archive, path, options, ranges }) => {
    Deno.mkdirSync(join(path, ".."));
    Deno.writeFileSync(`${path}.part`, CONTENT.subarray(0, 1234));
    assertEquals(await download(archive, options), "downloaded");
    assertEquals(Deno.readFileSync(path), CONTENT);
    assertEquals(ranges, ["bytes=1234-"]);
  });
});

Deno.test("download() begins again where a server cannot go on", async () => {
  await withServer(() => whole(0), async ({ archive, path, options }) => {
    Deno.mkdirSync(join(path, ".."));
    Deno.writeFileSync(`${path}.part`, new Uint8Array(1234));
    assertEquals(await download(archive, options), "downloaded");
    assertEquals(Deno.readFileSync(path), CONTENT);
  });
});

Deno.test("download() keeps what has arrived when it gives up", async () => {
  const handler: Handler = (_, from) =>
    from === 0 ? whole(0, broken(CONTENT.slice(0, 30_000))) : new Response("", { status: 503 });
  await withServer(handler, async ({ archive, path, options, ranges }) => {
    await assertRejects(
      () => download(archive, options),
      Error,
      `the server answered 503; 30000 of 200000 bytes are kept in ${path}.part`,
    );
    assertEquals(Deno.readFileSync(`${path}.part`), CONTENT.slice(0, 30_000));
    assertEquals(ranges.length, 5);
  });
});

Deno.test("download() removes a corrupted file", async () => {
  const damaged = CONTENT.slice();
  damaged[99_999] ^= 1;
  await withServer(() => whole(0, damaged), async ({ archive, path, options }) => {
    await assertRejects(() => download(archive, options), Error, "is damaged: its MD5 is");
    assert(!exists(path) && !exists(`${path}.part`));
  });
});

Deno.test("download() refuses a file of another length", async () => {
  const short = () =>
    new Response(CONTENT.slice(0, 1000), { headers: { "content-length": "1000" } });
  await withServer(short, async ({ archive, path, options, ranges }) => {
    await assertRejects(
      () => download(archive, options),
      Error,
      "has 1000 bytes, but the published file has 200000",
    );
    assert(!exists(path));
    assertEquals(ranges.length, 1);
  });
  // Without a length beforehand it shows while the bytes arrive.
  const long = () => new Response(new Blob([CONTENT, CONTENT]).stream());
  await withServer(long, async ({ archive, path, options }) => {
    await assertRejects(() => download(archive, options), Error, "sent more than the 200000 bytes");
    assert(!exists(path));
  });
  const shortStream = (_: Request, from: number) =>
    new Response(new Blob([CONTENT.slice(from === 0 ? 0 : 1000, 1000)]).stream());
  await withServer(shortStream, async ({ archive, path, options }) => {
    await assertRejects(() => download(archive, options), Error, "the connection ended early");
    assert(!exists(path));
  });
});

Deno.test("download() does not ask again where that cannot help", async () => {
  const missing = () => new Response("", { status: 404, statusText: "Not Found" });
  await withServer(missing, async ({ archive, options, ranges }) => {
    await assertRejects(() => download(archive, options), Error, "answered 404 Not Found; name a");
    assertEquals(ranges.length, 1);
  });
});

Deno.test("download() gives up a server that falls silent", async () => {
  const silent = () =>
    new Response(
      new ReadableStream<Uint8Array<ArrayBuffer>>({
        start: (controller) => controller.enqueue(CONTENT.slice(0, 10)),
      }),
    );
  await withServer(silent, async ({ archive, options }) => {
    await assertRejects(
      () => download(archive, { ...options, stallMs: 30 }),
      Error,
      "no answer for 30 ms",
    );
  });
});

Deno.test("download() stops when aborted and keeps what has arrived", async () => {
  const slow: Handler = (_, from) =>
    from > 0 ? whole(from) : new Response(
      new ReadableStream<Uint8Array<ArrayBuffer>>({
        start: (controller) => controller.enqueue(CONTENT.slice(0, 5000)),
      }),
    );
  await withServer(slow, async ({ archive, path, options }) => {
    const stop = new AbortController();
    const onProgress = () => stop.abort();
    const stopped = await download(archive, { ...options, onProgress, signal: stop.signal });
    assertEquals(stopped, "stopped");
    assertEquals(Deno.statSync(`${path}.part`).size, 5000);
    assertEquals(await download(archive, options), "downloaded");
    assertEquals(Deno.readFileSync(path), CONTENT);
  });
});

Deno.test("download() leaves a file alone that is something else", async () => {
  await withServer(() => whole(0), async ({ archive, path, options, ranges }) => {
    Deno.mkdirSync(join(path, ".."));
    Deno.writeTextFileSync(path, "the user's own");
    await assertRejects(
      () => download(archive, options),
      Error,
      "is there but is not the published file (14 bytes, 200000 were published)",
    );
    assertEquals(Deno.readTextFileSync(path), "the user's own");
    assertEquals(ranges, []);
  });
});

Deno.test("download() refuses to be led from https to http, however that is written", async () => {
  const { fetch } = globalThis;
  const led = (to: string) => () => {
    const response = whole(0);
    Object.defineProperty(response, "url", { value: to });
    return Promise.resolve(response);
  };
  await inTempDir(async (root) => {
    const path = join(root, "a.tar.gz");
    const from = (url: string) => ({ url, file: "a.tar.gz", size: CONTENT.length, md5: MD5 });
    try {
      globalThis.fetch = led("http://elsewhere.test/a.tar.gz");
      for (const url of ["https://here.test/a.tar.gz", "HTTPS://here.test/a.tar.gz"]) {
        await assertRejects(
          () => download(from(url), { path }),
          Error,
          "leads to http://elsewhere.test/a.tar.gz, which is not https; name a mirror with --url",
        );
        assert(!exists(path) && !exists(`${path}.part`));
      }
      globalThis.fetch = led("https://elsewhere.test/a.tar.gz");
      assertEquals(await download(from("https://here.test/a.tar.gz"), { path }), "downloaded");
    } finally {
      globalThis.fetch = fetch;
    }
  });
});
