import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError } from "../../src/config/config.ts";
import { solverOf } from "./solver.ts";
import { resolveConfig } from "./sections.ts";

function failure(yaml: string, overrides: string[] = []): string {
  return assertThrows(() => resolveConfig(yaml, "configs/x.yaml", overrides), ConfigError).message;
}

Deno.test("resolveConfig() gives mdistiller's defaults for an empty file", () => {
  const config = resolveConfig("", "x");
  const { LOG, KD, DISTILLER, EXPERIMENT } = config;
  assertEquals(solverOf(config), {
    TRAINER: "base",
    BATCH_SIZE: 64,
    DROP_LAST: false,
    EARLY_STOP_PATIENCE: 0,
    EMA_DECAY: 0,
    FREEZE: [],
    LR_SCALE: {},
    NO_DECAY_NORM_BIAS: false,
    WEIGHT_DECAY_SCALE: {},
    EPOCHS: 240,
    LABEL_SMOOTHING: 0,
    CLASS_WEIGHTS: "none",
    MIXUP_ALPHA: 0,
    CUTMIX_ALPHA: 0,
    MIXUP_PROB: 1,
    MIXUP_SWITCH_PROB: 0.5,
    LR: 0.05,
    LR_DECAY_STAGES: [150, 180, 210],
    LR_DECAY_RATE: 0.1,
    LR_SCHEDULE: "step",
    LR_MIN: 0,
    WARMUP_EPOCHS: 0,
    WARMUP_START_FACTOR: 0.01,
    ACCUMULATE: 1,
    CLIP_GRAD_NORM: 0,
    BETAS: [0.9, 0.999],
    EPS: 1e-8,
    WEIGHT_DECAY: 1e-4,
    MOMENTUM: 0.9,
    TYPE: "SGD",
    AMP: false,
    SYNC_BN: false,
    GATHER_BATCH: false,
    NESTEROV: true,
    SEED: 0,
  });
  assertEquals(LOG, {
    TENSORBOARD_FREQ: 500,
    SAVE_CHECKPOINT_FREQ: 40,
    PREFIX: "./output",
    CHECKPOINT_FORMAT: "torch",
    REPORT: "auto",
    WANDB: "auto",
  });
  assertEquals(KD, { TEMPERATURE: 4, LOSS: { CE_WEIGHT: 0.1, KD_WEIGHT: 0.9, IR_WEIGHT: 0 } });
  assertEquals(DISTILLER.TYPE, "NONE");
  assertEquals(EXPERIMENT, { PROJECT: "distill", NAME: "", TAG: "default", IMPORT: [] });
});

Deno.test("resolveConfig() takes a word or a list for SOLVER.CLASS_WEIGHTS", () => {
  const weights = (...given: string[]) =>
    resolveConfig("", "x", given.flatMap((each) => ["SOLVER.CLASS_WEIGHTS", each])).SOLVER
      .CLASS_WEIGHTS;
  assertEquals(weights("[1, 2.5]"), [1, 2.5]);
  assertEquals(weights("(1, 2.5)"), [1, 2.5]);
  assertEquals(weights("balanced"), "balanced");
  const { SOLVER } = resolveConfig("SOLVER:\n  CLASS_WEIGHTS: [3, 1]\n", "x");
  assertEquals(SOLVER.CLASS_WEIGHTS, [3, 1]);
  assertEquals(
    failure("", ["SOLVER.CLASS_WEIGHTS", "balance"]),
    "command line: SOLVER.CLASS_WEIGHTS must be one of none, balanced, or a list of numbers greater than 0, such as " +
      '"[0.9, 0.999]"; got "balance"',
  );
  assertStringIncludes(failure("", ["SOLVER.CLASS_WEIGHTS", "[1, 0]"]), "greater than 0");
});

Deno.test("resolveConfig() reads numbers, tuples, texts and booleans as yacs does", () => {
  const config = resolveConfig(
    `SOLVER:
  LR: 5e-4
  WEIGHT_DECAY: "1e-3"
  BATCH_SIZE: "32"
  LR_DECAY_STAGES: (10,)
LOG:
  WANDB: False
  PREFIX: 2001-01-01
EXPERIMENT:
  NAME:
WKD:
  INPUT_SIZE: (28, 28)
  TEMPERATURE: 8
  LOSS:
`,
    "x",
  );
  assertEquals(config.SOLVER.LR, 5e-4);
  assertEquals(config.SOLVER.WEIGHT_DECAY, 1e-3);
  assertEquals(config.SOLVER.BATCH_SIZE, 32);
  assertEquals(solverOf(config).LR_DECAY_STAGES, [10]);
  assertEquals(config.LOG.WANDB, false);
  assertEquals(config.LOG.PREFIX, "2001-01-01");
  assertEquals(config.EXPERIMENT.NAME, "");
  assertEquals(config.WKD.INPUT_SIZE, [28, 28]);
  assertEquals(config.WKD.TEMPERATURE, 8);
  assertEquals(config.WKD.LOSS.CE_WEIGHT, 1);
});

Deno.test("resolveConfig() reads the booleans of YAML 1.1, as PyYAML does", () => {
  const yes = ["true", "True", "yes", "Yes", "YES", "on", "On", '"True"'];
  const no = ["false", "FALSE", "no", "No", "off", "OFF", '"False"'];
  for (const [texts, value] of [[yes, true], [no, false]] as const) {
    for (const text of texts) {
      assertEquals(solverOf(resolveConfig(`SOLVER:\n  NESTEROV: ${text}\n`, "x")).NESTEROV, value);
      assertEquals(resolveConfig("", "x", ["LOG.WANDB", text]).LOG.WANDB, value);
    }
  }
  assertEquals(resolveConfig("EXPERIMENT:\n  TAG: no\n", "x").EXPERIMENT.TAG, "no");
  assertStringIncludes(
    failure("LOG:\n  WANDB: maybe\n"),
    'must be auto, true or false; got "maybe"',
  );
});

Deno.test("resolveConfig() does not share lists between configurations", () => {
  solverOf(resolveConfig("", "x")).LR_DECAY_STAGES.push(1);
  assertEquals(solverOf(resolveConfig("", "x")).LR_DECAY_STAGES, [150, 180, 210]);
});

Deno.test("resolveConfig() applies overrides in order, over the file", () => {
  const config = resolveConfig("SOLVER:\n  EPOCHS: 5\n", "x", [
    ...["SOLVER.EPOCHS", "3", "WKD.SINKHORN.LAMBDA", "0.1", "SOLVER.LR_DECAY_STAGES", "[1, 2]"],
    ...["WKD.INPUT_SIZE", "(28, 28)", "EXPERIMENT.TAG", "123", "LOG.PREFIX", "a: b"],
    ...["SOLVER.NESTEROV", "False", "WKD.COST_MATRIX_PATH", "", "SOLVER.LR", "1e-2"],
    ...["SOLVER.EPOCHS", "4", "EXPERIMENT.NAME", '"quoted"'],
  ]);
  assertEquals(config.SOLVER.EPOCHS, 4);
  assertEquals(config.SOLVER.LR, 0.01);
  assertEquals(solverOf(config).NESTEROV, false);
  assertEquals(solverOf(config).LR_DECAY_STAGES, [1, 2]);
  assertEquals(config.WKD.SINKHORN.LAMBDA, 0.1);
  assertEquals(config.WKD.INPUT_SIZE, [28, 28]);
  assertEquals(config.WKD.COST_MATRIX_PATH, "");
  assertEquals(config.EXPERIMENT.TAG, "123");
  assertEquals(config.EXPERIMENT.NAME, "quoted");
  assertEquals(config.LOG.PREFIX, "a: b");
});

Deno.test("resolveConfig() reads the authors' EXPERIMENT.SEED as SOLVER.SEED", () => {
  assertEquals(resolveConfig("EXPERIMENT:\n  SEED: 42\n", "x").SOLVER.SEED, 42);
  assertEquals(resolveConfig("", "x", ["EXPERIMENT.SEED", "7"]).SOLVER.SEED, 7);
  assertStringIncludes(
    failure("EXPERIMENT:\n  SEED: 1\nSOLVER:\n  SEED: 1\n"),
    "EXPERIMENT.SEED and SOLVER.SEED are the same setting",
  );
});

Deno.test("resolveConfig() reads WKD's DATASET.INPUT_SIZE as DATASET.IMAGE_SIZE, and its PREFETCH", () => {
  const { DATASET } = resolveConfig("DATASET:\n  INPUT_SIZE: 192\n  PREFETCH: True\n", "x");
  assertEquals([DATASET.IMAGE_SIZE, DATASET.PREFETCH], [192, true]);
});

Deno.test("resolveConfig() names file, key and the nearest key for an unknown key", () => {
  assertEquals(
    failure("SOLVER:\n  EPOCH: 3\n"),
    "configs/x.yaml, line 2: unknown key SOLVER.EPOCH; did you mean SOLVER.EPOCHS?",
  );
  assertEquals(
    failure("WKD:\n  SINKHORN:\n    LAMDA: 1\n"),
    "configs/x.yaml, line 3: unknown key WKD.SINKHORN.LAMDA; did you mean WKD.SINKHORN.LAMBDA?",
  );
  assertEquals(
    failure("LR: 3\n"),
    "configs/x.yaml, line 1: unknown key LR; did you mean SOLVER.LR?",
  );
  assertEquals(
    failure("OPTIMIZER:\n  KIND: 3\n"),
    "configs/x.yaml, line 1: unknown key OPTIMIZER; `deno task config` lists the keys",
  );
  assertEquals(
    failure("solvr:\n  LR: 3\n"),
    "configs/x.yaml, line 1: unknown key solvr; did you mean SOLVER?",
  );
  assertEquals(
    failure("", ["solver.batchsize", "3"]),
    "command line: unknown key solver.batchsize; did you mean SOLVER.BATCH_SIZE?",
  );
  assertStringIncludes(failure("__proto__: {}\n"), "unknown key __proto__");
  assertStringIncludes(failure("SOLVER:\n  toString: 1\n"), "unknown key SOLVER.toString");
});

Deno.test("resolveConfig() says what a key of the wrong type must be", () => {
  const cases: [string, string, string][] = [
    ["EPOCHS", "three", 'an integer of at least 1; got "three"'],
    ["EPOCHS", "2.5", "an integer of at least 1; got 2.5"],
    ["EPOCHS", "0", "an integer of at least 1; got 0"],
    ["BATCH_SIZE", "0", "an integer of at least 1; got 0"],
    ["BATCH_SIZE", "[1]", "an integer of at least 1; got [1]"],
    ["LR", "0", "a number greater than 0; got 0"],
    ["LR", ".nan", "a number greater than 0; got NaN"],
    ["LR", ".inf", "a number greater than 0; got Infinity"],
    ["LR", "{a: 1}", 'a number greater than 0; got {"a":1}'],
    ["LR", "", "a number greater than 0; got null"],
    ["MOMENTUM", "1.5", "a number of at least 0 and less than 1; got 1.5"],
    ["MOMENTUM", "1", "a number of at least 0 and less than 1; got 1"],
    ["NESTEROV", "1", "true or false; got 1"],
    ["TYPE", "Adam", 'one of SGD, AdamW; got "Adam"; one of your own wants --import FILE'],
    ["LR_DECAY_STAGES", "5", 'a list of integers of at least 0, such as "[1, 2]"; got 5'],
    [
      "LR_DECAY_STAGES",
      "[1, x]",
      'a list of integers of at least 0, such as "[1, 2]"; got [1,"x"]',
    ],
  ];
  for (const [key, value, wanted] of cases) {
    const message = failure(`SOLVER:\n  ${key}: ${value}\n`);
    assertEquals(message, `configs/x.yaml, line 2: SOLVER.${key} must be ${wanted}`);
  }
  assertEquals(
    failure("", ["WKD.INPUT_SIZE", "[32]"]),
    'command line: WKD.INPUT_SIZE must be a list of 2 integers of at least 1, such as "[1, 2]"; got [32]',
  );
  assertStringIncludes(failure("EXPERIMENT:\n  TAG: 12\n"), "must be a text (quote it");
  assertStringIncludes(failure("DISTILLER:\n  TYPE: WDK\n"), "one of NONE, AT, CRD");
});

Deno.test("resolveConfig() refuses temperatures, iterations and strengths out of range", () => {
  const pairs: [string, string][] = [
    ["WKD.TEMPERATURE", "0"],
    ["KD.TEMPERATURE", "-1"],
    ["WKD.SINKHORN.ITER", "0"],
    ["WKD.SINKHORN.LAMBDA", "0"],
    ["WKD.SPATIAL_GRID", "0"],
    ["WKD.PROJECTOR", "conv3x3"],
    ["SOLVER.SEED", "-1"],
    ["DATASET.SUBSET", "-1"],
  ];
  for (const [key, value] of pairs) {
    assertStringIncludes(failure("", [key, value]), `command line: ${key} must be`);
  }
});

Deno.test("resolveConfig() refuses Nesterov's momentum without momentum, wherever both are set", () => {
  const wanted = "SOLVER.NESTEROV is a form of momentum, but SOLVER.MOMENTUM is 0; set ";
  assertStringIncludes(failure("SOLVER:\n  MOMENTUM: 0\n"), `configs/x.yaml, line 2: ${wanted}`);
  assertStringIncludes(failure("", ["SOLVER.MOMENTUM", "0"]), wanted);
  const plain = ["SOLVER.MOMENTUM", "0", "SOLVER.NESTEROV", "False"];
  assertEquals(solverOf(resolveConfig("", "x", plain)).MOMENTUM, 0);
});

Deno.test("resolveConfig() reads the sections of OFD and KDSVD", () => {
  const ofd = resolveConfig("OFD:\n  CONNECTOR:\n    KERNEL_SIZE: 3\n", "x").OFD;
  assertEquals(ofd, { LOSS: { CE_WEIGHT: 1, FEAT_WEIGHT: 0.001 }, CONNECTOR: { KERNEL_SIZE: 3 } });
  const kdsvd = resolveConfig("KDSVD:\n  K: 2\n", "x").KDSVD;
  assertEquals(kdsvd, { K: 2, LOSS: { CE_WEIGHT: 1, FEAT_WEIGHT: 1 } });
});

Deno.test("resolveConfig() ends on malformed YAML in one sentence", () => {
  assertEquals(
    failure("SOLVER:\n  LR: 1\n  LR: 2\n"),
    "configs/x.yaml: not valid YAML: Cannot store mapping pair: duplicated key at line 3, column 3",
  );
  assertStringIncludes(failure("SOLVER: [1"), "configs/x.yaml: not valid YAML: ");
  assertEquals(
    failure("SOLVER:\n\tLR: 0.1\n"),
    "configs/x.yaml: YAML indents by spaces; line 2 has a tab: use spaces instead",
  );
  assertEquals(resolveConfig("SOLVER:\n  LR: 0.1\t# tab\n\t\n", "x").SOLVER.LR, 0.1);
  assertStringIncludes(failure("a: 1\n---\nb: 1\n"), "not valid YAML: Found more than 1 document");
  assertEquals(
    failure("- SOLVER\n"),
    'configs/x.yaml, line 1: a configuration is a mapping of sections such as SOLVER; got ["SOLVER"]',
  );
  assertStringIncludes(failure("just text"), "a configuration is a mapping of sections");
  assertEquals(
    failure("KD: 4\n"),
    "configs/x.yaml, line 1: KD is a section with the keys KD.TEMPERATURE, KD.LOSS; got 4",
  );
  assertEquals(failure("SOLVER: [1").includes("\n"), false);
});

Deno.test("resolveConfig() refuses overrides that do not come in pairs", () => {
  assertEquals(
    failure("", ["SOLVER.EPOCHS", "3", "SOLVER.LR"]),
    "command line: settings come as pairs KEY VALUE; SOLVER.LR has no value",
  );
  assertStringIncludes(failure("", ["SOLVER", "3"]), "command line: unknown key SOLVER");
  for (const overrides of [["SOLVER.LR=0.1"], ["SOLVER.EPOCHS", "3", "SOLVER.LR=0.1", "KD.X=1"]]) {
    assertEquals(
      failure("", overrides),
      "command line: settings come as pairs KEY VALUE; instead of SOLVER.LR=0.1 write SOLVER.LR 0.1",
    );
  }
  assertEquals(
    resolveConfig("", "x", ["EXPERIMENT.TAG", "SOLVER.LR=1"]).EXPERIMENT.TAG,
    "SOLVER.LR=1",
  );
});
