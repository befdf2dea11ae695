import { extname, join, sep } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".md": "text/plain; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webp": "image/webp",
};
const OTHER = "application/octet-stream";
/** Of every answer: a page that was exported anew is seen at once, and no file is taken for what it is not. */
const ALWAYS = { "cache-control": "no-cache", "x-content-type-options": "nosniff" };
const INDEX = "index.html";
/** Names by which a browser on this machine asks; another one would be a stranger's page that points its name here. */
const HOSTS = ["127.0.0.1", "localhost", "[::1]"];

/**
 * Answers requests for the files of a folder: nothing outside it, also by links, and nothing whose name begins with a dot.
 *
 * @param folder a folder that is there
 */
export function folderHandler(folder: string): (request: Request) => Promise<Response> {
  const root = Deno.realPathSync(folder);
  return async ({ method, url }) => {
    const { hostname, pathname } = new URL(url);
    if (!HOSTS.includes(hostname)) return refuse(403, "this server is for this machine alone");
    if (method !== "GET" && method !== "HEAD") {
      return refuse(405, "files can only be read", { allow: "GET, HEAD" });
    }
    const names = namesOf(pathname);
    const path = names && await insideOf(root, names);
    if (!path) return refuse(404, "there is no such file");
    const info = await Deno.stat(path);
    if (!info.isDirectory) return await send(path, info, method);
    if (!pathname.endsWith("/")) {
      return refuse(308, "", { location: `/${names.map(encodeURIComponent).join("/")}/` });
    }
    const index = await insideOf(root, [...names, INDEX]);
    return index
      ? await send(index, await Deno.stat(index), method)
      : refuse(404, `this folder has no ${INDEX}`);
  };
}

/** The names on the way to a file; null where one is none, or hidden. */
function namesOf(pathname: string): string[] | null {
  try {
    const names = pathname.split("/").filter(Boolean).map(decodeURIComponent);
    return names.some((name) => /^\.|[/\\\0]/.test(name)) ? null : names;
  } catch {
    return null;
  }
}

/** Where a file of the folder really lies; null where it is not there, or a link leads out. */
async function insideOf(root: string, names: readonly string[]): Promise<string | null> {
  try {
    const path = await Deno.realPath(join(root, ...names));
    return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep) ? path : null;
  } catch {
    return null;
  }
}

async function send(path: string, info: Deno.FileInfo, method: string): Promise<Response> {
  if (!info.isFile) return refuse(404, "that is no file");
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch {
    return refuse(403, "this file cannot be read");
  }
  const headers = {
    "content-type": TYPES[extname(path).toLowerCase()] ?? OTHER,
    "content-length": String(info.size),
    ...ALWAYS,
  };
  if (method !== "HEAD") return new Response(file.readable, { headers });
  file.close();
  return new Response(null, { headers });
}

function refuse(status: number, why: string, headers: Record<string, string> = {}): Response {
  const type = { "content-type": "text/plain; charset=utf-8" };
  return new Response(why, { status, headers: { ...type, ...ALWAYS, ...headers } });
}
