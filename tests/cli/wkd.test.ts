import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { inTempDir } from "../temp_dir.ts";

const root = fromFileUrl(new URL("../..", import.meta.url));

const { tasks } = JSON.parse(Deno.readTextFileSync(join(root, "deno.json")));

/** Runs what `deno task install` installs, with its permissions. */
async function wkd(cwd: string, ...words: string[]) {
  const allowed = tasks.install.command.split(" ").filter((word: string) => /^--allow/.test(word));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-check", ...allowed, join(root, "wkd.ts"), ...words],
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("wkd says wkd where a checkout says deno task", async () => {
  await inTempDir(async (folder) => {
    const help = await wkd(folder, "train", "--help");
    assertStringIncludes(help.stdout, "Usage: wkd train");
    assertStringIncludes(help.stdout, "\n  wkd train --cfg configs/");
    assertEquals(help.stdout.includes("deno task"), false);
    const unknown = await wkd(folder, "config", "QQQ.ZZZ", "1");
    assertStringIncludes(unknown.stderr, "`wkd config` lists the keys");
  });
});

Deno.test("wkd takes typed paths from where it is typed, others from the project's folder", async () => {
  await inTempDir(async (folder) => {
    Deno.writeTextFileSync(join(folder, "mine.yaml"), "SOLVER:\n  LR: 0.125\n");
    const config = await wkd(folder, "config", "mine.yaml", "LOG.PREFIX", "out");
    assertEquals(config.code, 0, config.stderr);
    assertStringIncludes(config.stdout, "LR: 0.125");
    assertStringIncludes(config.stdout, `PREFIX: ${JSON.stringify(join(folder, "out"))}`);
    const teacher = await wkd(folder, "eval", "-m", "vgg8", "-d", "cifar100");
    assertStringIncludes(teacher.stderr, "none of checkpoints/cifar100/vgg8.safetensors");
  });
});
