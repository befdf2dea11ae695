import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { folderHandler } from "../../src/web/serve_folder.ts";
import { inTempDir } from "../temp_dir.ts";

/** A folder with files in it, and one beside it. */
function writeFiles(parent: string): string {
  const folder = join(parent, "page");
  Deno.mkdirSync(join(folder, "sub"), { recursive: true });
  for (const name of ["index.html", "a b.js", "w.safetensors", ".hidden", "sub/index.html"]) {
    Deno.writeTextFileSync(join(folder, name), name);
  }
  Deno.writeTextFileSync(join(parent, "secret.txt"), "secret");
  Deno.symlinkSync(join(parent, "secret.txt"), join(folder, "out.txt"));
  Deno.symlinkSync(parent, join(folder, "up"));
  Deno.symlinkSync(join(folder, "index.html"), join(folder, "in.html"));
  return folder;
}

Deno.test("folderHandler() serves the files of a folder with their types", async () => {
  await inTempDir(async (parent) => {
    const handler = folderHandler(writeFiles(parent));
    const get = async (path: string, init?: RequestInit) => {
      const response = await handler(new Request(`http://127.0.0.1:8000${path}`, init));
      const type = response.headers.get("content-type");
      return [response.status, type, await response.text()];
    };
    assertEquals(await get("/"), [200, "text/html; charset=utf-8", "index.html"]);
    assertEquals(await get("/in.html"), [200, "text/html; charset=utf-8", "index.html"]);
    assertEquals(await get("/a%20b.js?v=1"), [200, "text/javascript; charset=utf-8", "a b.js"]);
    assertEquals(await get("/w.safetensors"), [200, "application/octet-stream", "w.safetensors"]);
    assertEquals(await get("/sub/"), [200, "text/html; charset=utf-8", "sub/index.html"]);
    assertEquals(await get("/", { method: "HEAD" }), [200, "text/html; charset=utf-8", ""]);
    const moved = await handler(new Request("http://localhost:8000//sub"));
    assertEquals([moved.status, moved.headers.get("location")], [308, "/sub/"]);
  });
});

Deno.test("folderHandler() serves nothing outside of its folder, nothing hidden, and nobody else", async () => {
  await inTempDir(async (parent) => {
    const handler = folderHandler(writeFiles(parent));
    const status = async (url: string, init?: RequestInit) => {
      const response = await handler(new Request(url, init));
      await response.body?.cancel();
      return response.status;
    };
    const paths = [
      ...["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/sub/..%5c..%5csecret.txt"],
      ...["/out.txt", "/up/secret.txt", "/.hidden", "/nothing", "/%ff", "/index.html%00"],
    ];
    for (const path of paths) assertEquals(await status(`http://127.0.0.1${path}`), 404, path);
    assertEquals(await status("http://evil.example/"), 403);
    assertEquals(await status("http://127.0.0.1/", { method: "POST", body: "x" }), 405);
  });
});
