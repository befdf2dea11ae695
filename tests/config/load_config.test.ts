import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { ConfigError } from "../../src/config/config.ts";
import { solverOf } from "./solver.ts";
import { loadConfig } from "./sections.ts";

const CONFIGS = fromFileUrl(new URL("../../configs/fashion_mnist/", import.meta.url));

Deno.test("loadConfig() without a file gives the defaults and the overrides", () => {
  assertEquals(loadConfig(null, ["SOLVER.EPOCHS", "3"]).SOLVER.EPOCHS, 3);
});

Deno.test("loadConfig() names a file that is missing or a folder", () => {
  const missing = assertThrows(() => loadConfig("no/such.yaml"), ConfigError).message;
  assertEquals(
    missing,
    "cannot read the configuration no/such.yaml: there is no such file or folder",
  );
  const folder = assertThrows(() => loadConfig(CONFIGS), ConfigError).message;
  assertStringIncludes(folder, "it is a folder");
});

Deno.test("loadConfig() reads every Fashion-MNIST file with the published settings", () => {
  const teacher = loadConfig(`${CONFIGS}vanilla/resnet20.yaml`);
  assertEquals(teacher.DATASET.SUBSET, 0);
  assertEquals(teacher.SOLVER.EPOCHS, 5);
  assertEquals(teacher.SOLVER.BATCH_SIZE, 128);
  assertEquals(teacher.SOLVER.LR, 0.1);
  assertEquals(solverOf(teacher).LR_DECAY_STAGES, [3, 4]);
  const weights: [string, string, number, number][] = [
    ["vanilla/resnet8.yaml", "NONE", 0, 0],
    ["kd/resnet20_resnet8.yaml", "KD", 0, 0],
    ["wkd_l/resnet20_resnet8.yaml", "WKD", 50, 0],
    ["wkd_f/resnet20_resnet8.yaml", "WKD", 0, 0.2],
    ["wkd_l_f/resnet20_resnet8.yaml", "WKD", 50, 0.2],
  ];
  for (const [file, type, logit, feature] of weights) {
    const config = loadConfig(CONFIGS + file);
    const { DISTILLER, SOLVER, DATASET, WKD } = config;
    assertEquals(DISTILLER.TYPE as string, type, file);
    assertEquals(DISTILLER.STUDENT, "resnet8");
    assertEquals([SOLVER.EPOCHS, SOLVER.BATCH_SIZE, SOLVER.LR, SOLVER.WEIGHT_DECAY], [
      12,
      64,
      0.05,
      5e-4,
    ]);
    assertEquals(solverOf(config).LR_DECAY_STAGES, [7, 10]);
    assert(solverOf(config).NESTEROV);
    assertEquals(DATASET.SUBSET, 1000);
    assertEquals([WKD.LOSS.WKD_LOGIT_WEIGHT, WKD.LOSS.WKD_FEAT_WEIGHT], [logit, feature]);
    if (type === "WKD") assert(WKD.LOSS.COSINE_DECAY_EPOCH >= SOLVER.EPOCHS);
  }
});
