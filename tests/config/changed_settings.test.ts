import { assertEquals } from "@std/assert";
import { changedSettings } from "../../src/config/changed_settings.ts";
import "../../src/optim/registry.ts";
import { resolveConfig } from "./sections.ts";

const YAML = `SOLVER:
  LR: 0.1
  EPOCHS: 240
  LR_DECAY_STAGES: [1, 2]
DATASET:
  TYPE: fashion_mnist
  NUM_WORKERS: 7
KD:
  TEMPERATURE: 2
`;

Deno.test("changedSettings() lists what is not the default, by key", () => {
  const config = resolveConfig(YAML, "x");
  assertEquals(changedSettings(config, ["SOLVER", "DATASET"], ["DATASET.NUM_WORKERS"]), {
    "DATASET.TYPE": '"fashion_mnist"',
    "SOLVER.LR": "0.1",
    "SOLVER.LR_DECAY_STAGES": "[1, 2]",
  });
  assertEquals(changedSettings(config, ["KD"]), { "KD.TEMPERATURE": "2" });
  assertEquals(changedSettings(config, ["LOG"]), {});
});
