/// <reference lib="dom" />
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { folderHandler } from "../../src/web/serve_folder.ts";

/** Where Debian and its relatives put it. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];
/** WebGPU on the browser's own software adapter, wherever it runs. */
const WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
/** A camera that shows a test picture, and is never refused. */
const CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
const PATIENCE_MS = 120_000;

function chromiumPath(): string {
  for (const path of PLACES) {
    try {
      if (Deno.statSync(path).isFile) return path;
    } catch {
      // The next may be there.
    }
  }
  throw new Error(`Chromium is not at ${PLACES.join(" or ")}; sh setup.sh --browser installs it`);
}

/** A test whose browser outlives it, as does the device. */
export function browserTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

/** What {@linkcode openChromium} may leave out. */
interface ChromiumOptions {
  /** Whether there is an adapter for WebGPU. Default true. */
  readonly webgpu?: boolean;
}

/** Debian's Chromium without a window. */
export async function openChromium({ webgpu = true }: ChromiumOptions = {}): Promise<Browser> {
  const args = [...CAMERA, ...(webgpu ? WEBGPU : [])];
  return await chromium.launch({ executablePath: chromiumPath(), args });
}

/** A page and what it did. */
export interface Visit extends AsyncDisposable {
  /** The page. */
  readonly page: Page;
  /** What it wrote to the console as an error, or threw. */
  readonly errors: string[];
  /** Addresses that it asked for. */
  readonly requests: string[];
}

/** Opens an address in a window of its own. */
export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions & { readonly before?: (page: Page) => Promise<unknown> } = {},
): Promise<Visit> {
  const { before, ...settings } = options;
  const context = await browser.newContext(settings);
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const [errors, requests]: [string[], string[]] = [[], []];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  await before?.(page);
  await page.goto(url);
  return { page, errors, requests, [Symbol.asyncDispose]: () => context.close() };
}

/** A folder on this machine's own address, as `serve` serves it. */
export function serveFolder(folder: string): AsyncDisposable & { readonly url: string } {
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = Deno.serve(options, folderHandler(folder));
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A file for a page's input. */
export interface PictureFile {
  name: string;
  mimeType: string;
  // Playwright takes Node's.
  // deno-lint-ignore no-explicit-any
  buffer: any;
}

/** Drops a file onto an element, as a mouse does. */
export async function dropFile(page: Page, selector: string, file: PictureFile): Promise<void> {
  const { name, mimeType, buffer } = file;
  const transfer = await page.evaluateHandle(({ name, mimeType, bytes }) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name, { type: mimeType }));
    return data;
  }, { name, mimeType, bytes: [...buffer] });
  await page.dispatchEvent(selector, "drop", { dataTransfer: transfer });
}
