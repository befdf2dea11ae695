import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { UserError } from "../../src/errors.ts";
import { ModelEma } from "../../src/optim/model_ema.ts";
import { matchesName, parameterGroups } from "../../src/optim/parameter_groups.ts";
import { buildOptimizer } from "../../src/optim/registry.ts";
import { tensor } from "../../src/tensor/create.ts";
import { endStep } from "../../src/tensor/scope.ts";
import { freeze } from "../../src/train/freeze.ts";
import { assertClose, device, values } from "../helpers.ts";
import { Tiny } from "../models/tiny.ts";

const gpu = await device();

interface Case {
  groups: { names: string[]; lr: number; weight_decay: number }[];
  state: Record<string, number[]>;
  ema?: Record<string, number[]>;
}

/** What torch and timm made of it; the script beside it says how. */
const REFERENCE: { decay: number; cases: Record<string, Case> } = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/training/param_groups.json", import.meta.url)),
);

const STEPS = 20;

const SETTINGS: Record<string, string> = {
  "SGD": "{LR: 0.05, WEIGHT_DECAY: 0.1, NO_DECAY_NORM_BIAS: true}",
  "AdamW": "{TYPE: AdamW, LR: 0.01, WEIGHT_DECAY: 0.1, NO_DECAY_NORM_BIAS: true}",
  "frozen": "{TYPE: AdamW, LR: 0.01, WEIGHT_DECAY: 0.1, NO_DECAY_NORM_BIAS: true, " +
    "FREEZE: [conv1, '*1.bias']}",
  "scaled": "{LR: 0.01, WEIGHT_DECAY: 0.1, LR_SCALE: {fc: 10, '*.bias': 0.5}, " +
    "WEIGHT_DECAY_SCALE: {conv1: 0.25}}",
};

function tinyModel(): Tiny {
  const model = new Tiny(5);
  for (const [name, parameter] of model.namedParameters()) {
    parameter.copy_(values(`w.${name}`, parameter.shape));
  }
  return model;
}

/** A model with what the settings make for it. */
function solverFor(settings: string, average = false) {
  const model = tinyModel();
  const { SOLVER } = resolveConfig(`SOLVER: ${settings}`, "x");
  const { names: kept } = freeze(model, SOLVER.FREEZE);
  const named = new Map([...model.namedParameters()].filter(([name]) => !kept.has(name)));
  const groups = parameterGroups(named, SOLVER);
  const optimizer = buildOptimizer(named.values(), SOLVER, groups);
  const ema = average ? new ModelEma(model.stateDict(), optimizer.groups, REFERENCE.decay) : null;
  const dispose = () => {
    for (const each of [ema, optimizer, model]) each?.dispose();
  };
  return { model, optimizer, groups, ema, dispose };
}

/** Sets a step's gradients. */
function setGradients(model: Tiny, step: number): void {
  for (const [name, parameter] of model.namedParameters()) {
    if (!parameter.requiresGrad) continue;
    const { shape } = parameter;
    parameter.grad = tensor(values(`g${step}.${name}`, shape), shape).keep();
  }
}

for (const [name, { groups: wanted, state, ema: averages }] of Object.entries(REFERENCE.cases)) {
  Deno.test(`${STEPS} steps in groups of parameters are torch's: ${name}`, async () => {
    const before = gpu.account.inUse;
    const solver = solverFor(SETTINGS[name], averages !== undefined);
    const { model, optimizer, groups, ema } = solver;
    const settings = optimizer.paramGroups().map(({ settings: { lr, weight_decay } }, i) => {
      return { names: [...groups![i].names], lr, weight_decay };
    });
    assertEquals(settings.map(({ names }) => names), wanted.map(({ names }) => names));
    assertClose(settings.map(({ lr }) => Number(lr)), wanted.map(({ lr }) => lr), 1e-12);
    assertClose(
      settings.map((each) => Number(each.weight_decay)),
      wanted.map((each) => each.weight_decay),
      1e-12,
    );
    for (let step = 0; step < STEPS; step++) {
      optimizer.zeroGrad();
      setGradients(model, step);
      optimizer.step();
      for (const statistic of ["running_mean", "running_var"] as const) {
        model.bn1[statistic].copy_(values(`${step}.${statistic}`, [4]));
      }
      model.bn1.num_batches_tracked.copy_(Int32Array.of(step + 1));
      ema?.update();
    }
    for (const [key, found] of model.stateDict()) {
      assertClose(await found.data(), state[key], 1e-6, key);
    }
    for (const [key, found] of ema?.stateDict() ?? []) {
      assertClose(await found.data(), averages![key], 1e-6, `average of ${key}`);
    }
    solver.dispose();
    endStep();
    assertEquals(gpu.account.inUse, before);
  });
}

Deno.test("freeze() leaves nothing on the tape below the first parameter that is trained", () => {
  const { model, dispose } = solverFor("{FREEZE: [conv1, bn1]}");
  const frozen = freeze(model, ["bn1"]);
  assertEquals(frozen.norms, [model.bn1]);
  const images = tensor(values("images", [2, 3, 4, 4]), [2, 3, 4, 4]);
  const { logits, features } = model.forward(images);
  assertEquals([features.feats[0].node, features.pooledFeat.node], [null, null]);
  logits.sum().backward();
  const moved = [...model.namedParameters()].filter(([, { grad }]) => grad).map(([name]) => name);
  assertEquals(moved, ["fc.weight", "fc.bias"]);
  images.dispose();
  dispose();
});

Deno.test("ModelEma.exchange() puts the average in the model's place and back, bit for bit", async () => {
  const { model, optimizer, ema, dispose } = solverFor(SETTINGS.frozen, true);
  const read = async (state: Map<string, { data(): Promise<ArrayLike<number>> }>) =>
    Object.fromEntries(
      await Promise.all(
        [...state].map(async ([name, each]) => [name, [...await each.data() as Float32Array]]),
      ),
    );
  const start = await read(ema!.stateDict());
  assertEquals(start, await read(model.stateDict()));
  setGradients(model, 0);
  optimizer.step();
  model.bn1.running_mean.copy_(values("m", [4]));
  const recording = await gpu.record(() => ema!.update());
  recording.replay();
  const [own, average] = [await read(model.stateDict()), await read(ema!.stateDict())];
  assert(own["fc.weight"].some((weight: number, i: number) => weight !== average["fc.weight"][i]));
  assertEquals(average["conv1.weight"], start["conv1.weight"]);
  ema!.exchange();
  assertEquals([await read(model.stateDict()), await read(ema!.stateDict())], [average, own]);
  ema!.exchange();
  assertEquals([await read(model.stateDict()), await read(ema!.stateDict())], [own, average]);
  const entries = new Map(
    [...ema!.stateDict()].map(([name, { shape }]) => {
      return [name, { shape, data: Float32Array.from(start[name]) }];
    }),
  );
  ema!.loadStateDict(entries);
  assertEquals((await read(ema!.stateDict()))["fc.weight"], start["fc.weight"]);
  assertThrows(() => ema!.loadStateDict(new Map()), RangeError, "conv1.weight is missing");
  ema!.reset();
  assertEquals(await read(ema!.stateDict()), own);
  const alike = parameterGroups(model.namedParameters(), { WEIGHT_DECAY: 0.1 });
  assertEquals(alike, null);
  assertThrows(() => new ModelEma(model.stateDict(), [], 1), RangeError, "a decay of 1");
  recording.dispose();
  dispose();
});

Deno.test("patterns stand for parameters by name, for modules, and refuse to stand for none", () => {
  const wanted = {
    "conv1": ["conv1.weight"],
    "*.bias": ["bn1.bias", "fc.bias"],
    "b?1": ["bn1.weight", "bn1.bias"],
    "*n*1": ["conv1.weight", "bn1.weight", "bn1.bias"],
    "fc.weight": ["fc.weight"],
    "c": [],
    "conv1.": [],
  };
  const names = ["conv1.weight", "bn1.weight", "bn1.bias", "fc.weight", "fc.bias"];
  for (const [pattern, found] of Object.entries(wanted)) {
    assertEquals(names.filter((name) => matchesName(pattern, name)), found, pattern);
  }
  const refused = (settings: string) => {
    return assertThrows(() => solverFor(settings), UserError).message;
  };
  assertEquals(
    refused("{FREEZE: [conv1, layer1]}"),
    'SOLVER.FREEZE: no parameter is called "layer1"; their names begin with conv1, bn1, fc, as in ' +
      "conv1.weight",
  );
  assertStringIncludes(
    refused("{LR_SCALE: {fc2: 2}}"),
    'SOLVER.LR_SCALE: no parameter is called "fc2"',
  );
  assertStringIncludes(refused("{FREEZE: ['*']}"), "leaves no parameter of the student to train");
});

Deno.test("the settings of groups are read from YAML and from a shell's words", () => {
  const solver = (...overrides: string[]) => resolveConfig("", "x", overrides).SOLVER;
  assertEquals(solver("SOLVER.FREEZE", "[*.bn1, conv1]").FREEZE, ["*.bn1", "conv1"]);
  assertEquals(solver("SOLVER.FREEZE", "layer1").FREEZE, ["layer1"]);
  assertEquals(solver("SOLVER.LR_SCALE", "{*.bn1: 0.5, fc: 10}").LR_SCALE, {
    "*.bn1": 0.5,
    fc: 10,
  });
  assertEquals(solver("SOLVER.LR_SCALE", "fc: 1e1").LR_SCALE, { fc: 10 });
  for (const bad of ["fc", "[fc]", "{fc: 0}", "{fc: x}"]) {
    assertThrows(
      () => solver("SOLVER.LR_SCALE", bad),
      UserError,
      "SOLVER.LR_SCALE must be a number greater than 0 for each text",
    );
  }
});
