import { assertEquals, assertStringIncludes } from "@std/assert";
import { takeFile } from "../../../src/cli/options/typed_file.ts";
import { cli } from "../helpers.ts";

const FILE = "configs/fashion_mnist/vanilla/resnet8.yaml";

Deno.test("takeFile() takes a file that stands before the pairs, and leaves keys", () => {
  const pair = ["SOLVER.LR", "1"];
  assertEquals(takeFile(["x.yaml", ...pair], "cfg"), { cfg: "x.yaml", overrides: pair });
  assertEquals(takeFile(["x.yaml"], "ckpt"), { cfg: "x.yaml", overrides: [] });
  assertEquals(takeFile(["out/best", ...pair], "ckpt"), { ckpt: "out/best", overrides: pair });
  assertEquals(takeFile(["best"], "ckpt"), { ckpt: "best", overrides: [] });
  for (const words of [pair, ["solver.lr", "1"], ["SOLVER.LR"], ["SOLVER.LR=1"], []]) {
    assertEquals(takeFile(words, "cfg"), { overrides: words });
  }
});

Deno.test("config takes its file with --cfg, -c, --config or nothing, and only once", async () => {
  for (const option of [["--cfg", FILE], ["-c", FILE], [`--config=${FILE}`], [FILE]]) {
    const { status, stdout, stderr } = await cli("config", ...option, "SOLVER.LR", "0.3");
    assertEquals(status, 0, stderr);
    assertStringIncludes(stdout, "  LR: 0.3\n");
  }
  const twice = await cli("config", "--cfg", FILE, "other.yaml");
  assertEquals(twice.status, 1);
  assertStringIncludes(twice.stderr, `--cfg names ${FILE} already; what is other.yaml for?`);
});

Deno.test("train and eval take a file without its option", async () => {
  const train = await cli("train", "no/such.yaml", "SOLVER.LR", "1");
  assertStringIncludes(train.stderr, "cannot read the configuration no/such.yaml");
  const evaluated = await cli("eval", "--per-class", "no/such.pth", "SOLVER.LR", "1");
  assertStringIncludes(evaluated.stderr, "no/such.pth: there is no such file");
  const key = await cli("eval", "no.pth", "--per-class", "DATASET.ROT", "x");
  assertStringIncludes(key.stderr, "no.pth");
});
