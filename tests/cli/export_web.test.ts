import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { inTempDir } from "../temp_dir.ts";
import { cli } from "./helpers.ts";

const root = fromFileUrl(new URL("../..", import.meta.url));
const TEACHER = join(root, "checkpoints/fashion_mnist/resnet20.safetensors");

Deno.test("export --to web says what is missing, what does not fit, and what is in the way", async () => {
  await inTempDir(async (folder) => {
    const page = join(folder, "page");
    Deno.writeTextFileSync(join(folder, "other"), "");
    const cases: [string[], string][] = [
      [["--to", "web"], "--to web wants a folder behind it: --to web DIR"],
      [["--to", "web", folder], `${folder} holds other files, such as other`],
      [["--to", "web", page, "--fold"], "--fold says nothing about --to web"],
      [["--to", join(folder, "x.onnx"), "--teacher", TEACHER], "--teacher says nothing about"],
      [["--to", "web", page, "--teacher", join(folder, "no")], "there is no such file"],
    ];
    for (const [words, wanted] of cases) {
      const { status, stderr } = await cli("export", "-c", TEACHER, ...words);
      assertEquals(status, 1);
      assertStringIncludes(stderr, wanted);
      assertEquals(stderr.trim().split("\n").length, 1, stderr);
    }
  });
});

Deno.test("serve says what is no folder and no port", async () => {
  const missing = await cli("serve", "no_such_folder");
  assertStringIncludes(missing.stderr, "error: no_such_folder is no folder");
  const port = await cli("serve", ".", "--port", "70000");
  assertStringIncludes(port.stderr, "--port must be an integer from 1 to 65535; got 70000");
});

Deno.test("the task serve shows a folder until Ctrl-C, and refuses a port that is taken", async () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(join(root, "deno.json")));
  const [, ...words] = tasks.serve.command.split(" ");
  await inTempDir(async (folder) => {
    Deno.writeTextFileSync(join(folder, "index.html"), "a page");
    const child = new Deno.Command(Deno.execPath(), {
      args: [...words, folder],
      ...{ cwd: root, stdout: "piped", stderr: "null", env: { NO_COLOR: "1" } },
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value = "" } = await reader.read();
    const [url, port] = /http:\/\/127\.0\.0\.1:(\d+)\//.exec(value)!;
    assertEquals(await (await fetch(url)).text(), "a page");
    const second = await cli("serve", folder, "--port", port);
    assertStringIncludes(second.stderr, `the port ${port} is taken by another program`);
    child.kill("SIGINT");
    await reader.cancel();
    assertEquals((await child.status).code, 130);
  });
});
