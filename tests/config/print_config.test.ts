import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { configToYaml, describeConfig, formatConfig } from "../../src/config/format_config.ts";
import { FIELDS } from "../../src/config/keys.ts";
import { nearestKey } from "../../src/config/nearest_key.ts";
import { resolveConfig } from "./sections.ts";
import { solverOf } from "./solver.ts";

const OVERRIDES = [
  ...["DISTILLER.TYPE", "WKD", "EXPERIMENT.TAG", 'a "b": 5e-4 #c', "RKD.PDIST.EPSILON", "1e-12"],
  ...["SOLVER.LR_DECAY_STAGES", "[]", "EXPERIMENT.NAME", "123", "LOG.WANDB", "false"],
];

Deno.test("configToYaml() round-trips through resolveConfig()", () => {
  const config = resolveConfig("", "x", OVERRIDES);
  assertEquals(resolveConfig(configToYaml(config), "x"), config);
  assertEquals(solverOf(config).LR_DECAY_STAGES, []);
  assertEquals(config.EXPERIMENT.TAG, 'a "b": 5e-4 #c');
});

Deno.test("configToYaml() and formatConfig() write what a terminal obeys as YAML's escapes", () => {
  const root = 'a"\\b\n\t\x1b[31m\x7f\x9b\u2028\u202e\u{1f600}';
  const config = resolveConfig("", "x", ["DATASET.ROOT", JSON.stringify(root)]);
  assertEquals(config.DATASET.ROOT.endsWith(root), true);
  const yaml = configToYaml(config);
  for (const text of [yaml, formatConfig(config)]) {
    assertStringIncludes(
      text,
      'a\\"\\\\b\\n\\t\\u001b[31m\\u007f\\u009b\\u2028\\u202e\u{1f600}"\n',
    );
  }
  assertEquals(resolveConfig(yaml, "x"), config);
});

Deno.test("formatConfig() prints the common sections and the distiller's, aligned", () => {
  const text = formatConfig(resolveConfig("", "x", OVERRIDES));
  const sections = text.split("\n").filter((line) => !line.startsWith(" "));
  const common = ["EXPERIMENT", "DATASET", "DISTILLER", "MODEL", "TEACHER", "SOLVER", "LOG"];
  assertEquals(sections, [...common, "WKD"]);
  assertMatch(text, /^ {2}SINKHORN\.ITER +10$/m);
  assertMatch(text, /^ {2}LR +0\.05$/m);
  const starts = [...text.matchAll(/^ {2}\S+ +/gm)].map(([start]) => start.length);
  assertEquals(new Set(starts).size, 1);
  const vanilla = formatConfig(resolveConfig("", "x"));
  assert(!vanilla.includes("WKD"));
});

Deno.test("formatConfig() leaves out what the data set and the method do not read", () => {
  const text = (...overrides: string[]) => formatConfig(resolveConfig("", "x", overrides));
  const cifar = text();
  for (const name of ["TRANSFORM", "CACHE_DIR", "NUM_WORKERS", "TEACHER"]) {
    assert(!cifar.includes(name), name);
  }
  assertStringIncludes(cifar, "\n  STUDENT ");
  assertStringIncludes(text("DATASET.TYPE", "image_folder"), "\n  CACHE_DIR ");
  assertStringIncludes(text("DISTILLER.TYPE", "KD"), "\n  TEACHER_CHECKPOINT ");
});

Deno.test("describeConfig() has every key with its default and a sentence", () => {
  const text = describeConfig();
  for (const [key, field] of FIELDS) {
    assertStringIncludes(text, `\n  ${key} = `);
    assert(field.doc.endsWith("."), key);
  }
  assertStringIncludes(
    text,
    "\n        KD        The divergence between the softened outputs (Hinton et al., 2015).\n",
  );
  assertStringIncludes(text, "\n        image_folder   Any images, in train");
  assertStringIncludes(
    text,
    "WKD.SINKHORN.ITER = 10\n      Sinkhorn iterations.\n      It is an integer of at least 1.",
  );
});

Deno.test("nearestKey() finds keys and sections", () => {
  assertEquals(nearestKey("WKD.SINKHORN.ITERS"), "WKD.SINKHORN.ITER");
  assertEquals(nearestKey("WKD.SINKHORNE", true), "WKD.SINKHORN");
  assertEquals(nearestKey("SINKHORN", true), "WKD.SINKHORN");
  assertEquals(nearestKey("LR"), "SOLVER.LR");
  assertEquals(nearestKey("solver.lr"), "SOLVER.LR");
  assertEquals(nearestKey("WKD.CE_WEIGHT"), "WKD.LOSS.CE_WEIGHT");
  assertEquals(nearestKey("BATCHSIZE"), "SOLVER.BATCH_SIZE");
});

Deno.test("nearestKey() offers nothing where no key is near", () => {
  for (const name of ["OPTIMIZER.KIND", "SOLVER", "X", ""]) assertEquals(nearestKey(name), null);
  assertEquals(nearestKey("OPTIMIZER", true), null);
});
