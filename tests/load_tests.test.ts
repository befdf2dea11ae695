import { assertEquals, assertStringIncludes } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { inTempDir } from "./temp_dir.ts";

Deno.test("loadTests() fails a file that cannot be loaded by its name and runs the others", async () => {
  await inTempDir(async (dir) => {
    Deno.writeTextFileSync(join(dir, "a_broken.test.ts"), 'throw new Error("no such device");\n');
    Deno.writeTextFileSync(join(dir, "b_sound.test.ts"), 'Deno.test("sound", () => {});\n');
    const loader = new URL("./load_tests.ts", import.meta.url).href;
    const all = join(dir, "all.ts");
    Deno.writeTextFileSync(
      all,
      `import { loadTests } from ${JSON.stringify(loader)};\n` +
        `await loadTests(() => true, new URL(${JSON.stringify(`${toFileUrl(dir)}/`)}));\n`,
    );
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-config", "--no-check", "--allow-read", all],
      stderr: "null",
      env: { NO_COLOR: "1" },
    }).output();
    const output = new TextDecoder().decode(stdout);
    assertEquals(code, 1);
    assertStringIncludes(output, "a_broken.test.ts is loaded ... FAILED");
    assertStringIncludes(output, "Error: no such device");
    assertStringIncludes(output, "1 passed | 1 failed");
  });
});

Deno.test("the test command runs every part there is", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("../deno.json", import.meta.url)));
  const run = [...tasks.test.command.matchAll(/tests\/parts\/(\w+)\.ts/g)].map(([, name]) => name);
  const there = [...Deno.readDirSync(new URL("parts/", import.meta.url))].map(({ name }) => {
    return name.replace(/\.ts$/, "");
  });
  assertEquals(run.sort(), there.sort());
});
