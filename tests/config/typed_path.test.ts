import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { ConfigError } from "../../src/config/config.ts";
import { resolveConfig } from "./sections.ts";
import { asTyped, homePath, typedPath } from "../../src/config/typed_path.ts";

const root = fromFileUrl(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Runs `fn` as if it was called by `deno task`, typed in a folder. */
function typedIn(folder: string, fn: () => void): void {
  const [before, cwd] = [Deno.env.get("INIT_CWD"), Deno.cwd()];
  Deno.env.set("INIT_CWD", folder);
  Deno.chdir(root);
  try {
    fn();
  } finally {
    Deno.chdir(cwd);
    if (before === undefined) Deno.env.delete("INIT_CWD");
    else Deno.env.set("INIT_CWD", before);
  }
}

Deno.test("typedPath() is relative to where the command was typed, asTyped() leads back", () => {
  typedIn(join(root, "configs"), () => {
    assertEquals(typedPath("cifar100/x.yaml"), "configs/cifar100/x.yaml");
    assertEquals(typedPath("../results"), "results");
    assertEquals([typedPath(".."), typedPath(""), typedPath("/data")], [".", "", "/data"]);
    assertEquals(typedPath("../../data"), join(root, "../data"));
    assertEquals(asTyped("configs/cifar100/x.yaml"), "cifar100/x.yaml");
    assertEquals(asTyped("output/a"), "../output/a");
  });
  typedIn("/somewhere/else", () => assertEquals(typedPath("x"), "/somewhere/else/x"));
  typedIn(root, () => assertEquals([typedPath("./x"), asTyped("./x")], ["./x", "./x"]));
});

Deno.test("resolveConfig() reads typed paths relative to where they were typed, those of a file as they are", () => {
  typedIn(join(root, "configs"), () => {
    const typed = ["LOG.PREFIX", "out", "WKD.COST_MATRIX_PATH", "", "EXPERIMENT.NAME", "a"];
    const config = resolveConfig("DATASET: {ROOT: data/x}\n", "x", typed);
    assertEquals(config.LOG.PREFIX, "configs/out");
    assertEquals(config.DATASET.ROOT, "data/x");
    assertEquals([config.WKD.COST_MATRIX_PATH, config.EXPERIMENT.NAME], ["", "a"]);
  });
});

Deno.test("resolveConfig() takes ~ for the home folder wherever a path is wanted", () => {
  const home = Deno.env.get("HOME")!;
  const { DATASET, DISTILLER, LOG, WKD, EXPERIMENT } = resolveConfig(
    `DATASET: {ROOT: ~/data, CACHE_DIR: ~/cache}
DISTILLER: {TEACHER_CHECKPOINT: ~/t.pth}
LOG: {PREFIX: ~/runs}
EXPERIMENT: {NAME: ~x}
`,
    "x",
    ["WKD.COST_MATRIX_PATH", "~/m.pth"],
  );
  const paths = [DATASET.ROOT, DATASET.CACHE_DIR, DISTILLER.TEACHER_CHECKPOINT, LOG.PREFIX];
  assertEquals(
    [...paths, WKD.COST_MATRIX_PATH],
    ["data", "cache", "t.pth", "runs", "m.pth"].map((name) => join(home, name)),
  );
  assertEquals(EXPERIMENT.NAME, "~x");
  assertEquals([homePath("~"), homePath("./~x"), homePath("a~")], [home, "./~x", "a~"]);
  const { message } = assertThrows(
    () => resolveConfig("DATASET:\n  ROOT: ~bob/data\n", "x.yaml"),
    ConfigError,
  );
  assertStringIncludes(message, "x.yaml, line 2: DATASET.ROOT: ~bob/data: only the own home");
});
