import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { inTempDir } from "../temp_dir.ts";
import { methodOf, openTeacher } from "../../src/cli/export_web.ts";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { device } from "../helpers.ts";
import { cli, writeTeacher } from "./helpers.ts";

await device();

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

Deno.test("openTeacher() takes the run's teacher, or the one that is named, with its own normalisation", async () => {
  await inTempDir(async (folder) => {
    const images = { channels: 1, height: 28, width: 28, resize: null, mean: [0.5], std: [0.25] };
    const run = (teacher: string, ...more: string[]) => {
      const words = ["DISTILLER.TYPE", "WKD", "DISTILLER.TEACHER", "resnet20", ...more];
      return resolveConfig("", "a run", [...words, "DISTILLER.TEACHER_CHECKPOINT", teacher]);
    };
    const found = (...given: Parameters<typeof openTeacher>) => {
      const teacher = openTeacher(...given);
      teacher?.model.dispose();
      return teacher && [teacher.name, teacher.normalisation?.mean];
    };
    const other = await writeTeacher(folder);
    const ofRun = run(TEACHER, "TEACHER.MEAN", "[0.1]", "TEACHER.STD", "[0.2]");
    assertEquals(found(undefined, ofRun, images), ["resnet20", [0.1]]);
    assertEquals(found(other, ofRun, images), ["resnet8", [0.1]]);
    assertEquals(found(undefined, run(TEACHER), images), ["resnet20", undefined]);
    assertEquals(found(undefined, run(join(folder, "gone")), images), null);
    assertEquals(found(undefined, null, images), null);
    const { weight, temperature } = methodOf(
      run(TEACHER, "WKD.LOSS.WKD_LOGIT_WEIGHT", "7", "WKD.TEMPERATURE", "3"),
    );
    assertEquals([weight, temperature], [7, 3]);
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
