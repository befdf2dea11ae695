import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { runFolder } from "../../src/run/run_paths.ts";
import { ConfigError } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/resolve_config.ts";

function folder(...experiment: string[]): string {
  const config = loadConfig(null, ["LOG.PREFIX", "out"]);
  const [PROJECT, NAME, TAG] = experiment;
  return runFolder({ ...config, EXPERIMENT: { PROJECT, NAME, TAG, IMPORT: [] } });
}

Deno.test("runFolder() is below LOG.PREFIX, with folders of its own where names have them", () => {
  assertEquals(folder("p", "n", "t"), join("out", "p", "n"));
  assertEquals(folder("p", "", "kd, res32x4,,"), join("out", "p", "kd_res32x4"));
  assertEquals(folder("cifar100/kd", "a/seed1", ""), join("out", "cifar100", "kd", "a", "seed1"));
  assertEquals(folder("", "..n..", ""), join("out", "..n.."));
  assertEquals(folder("p", "n", "../.."), join("out", "p", "n"));
});

Deno.test("runFolder() refuses what leads elsewhere or names nothing, by its key", () => {
  const cases = [
    ["EXPERIMENT.NAME", "p", "../../x", ""],
    ["EXPERIMENT.NAME", "p", "a/../../../x", ""],
    ["EXPERIMENT.NAME", "p", "..\\..\\x", ""],
    ["EXPERIMENT.NAME", "p", "/etc/x", ""],
    ["EXPERIMENT.NAME", "p", "C:\\x", ""],
    ["EXPERIMENT.NAME", "p", ".", ""],
    ["EXPERIMENT.NAME", "p", "~/x", ""],
    ["EXPERIMENT.NAME", "p", "  ", ""],
    ["EXPERIMENT.NAME", "p", "a\x1b[2Jb", ""],
    ["EXPERIMENT.NAME", "p", "a\u202eb", ""],
    ["EXPERIMENT.NAME", "p", "a\0b", ""],
    ["EXPERIMENT.TAG", "p", "", ",,"],
    ["EXPERIMENT.TAG", "p", "", ""],
    ["EXPERIMENT.TAG", "p", "", "../../x"],
    ["EXPERIMENT.TAG", "p", "", ".."],
    ["EXPERIMENT.PROJECT", "..", "x", ""],
    ["EXPERIMENT.PROJECT", "../x", "x", ""],
    ["EXPERIMENT.PROJECT", "/x", "x", ""],
  ];
  for (const [key, ...experiment] of cases) {
    const { message } = assertThrows(() => folder(...experiment), ConfigError);
    assert(message.startsWith(`${key} "`), message);
    // deno-lint-ignore no-control-regex -- control characters are what it looks for
    assert(!/[\x00-\x1f\u202e]/.test(message), message);
  }
});
