import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError } from "../../src/config/config.ts";
import { describeConfig, formatConfig } from "../../src/config/format_config.ts";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { AdamW } from "../../src/optim/adamw.ts";
import { buildOptimizer } from "../../src/optim/registry.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { device } from "../helpers.ts";

await device();

function failure(...overrides: string[]): string {
  return assertThrows(() => resolveConfig("", "x", overrides), ConfigError).message;
}

Deno.test("SOLVER.TYPE builds the optimiser with its settings", () => {
  const settings = (...overrides: string[]) => {
    const w = tensor([1], null, { requiresGrad: true });
    const optimizer = buildOptimizer([w], resolveConfig("", "x", overrides).SOLVER);
    const [{ settings: { lr, weight_decay, ...rest } }] = optimizer.paramGroups();
    for (const each of [optimizer, w]) each.dispose();
    return { made: optimizer.constructor, lr, weight_decay, rest };
  };
  const sgd = settings("SOLVER.MOMENTUM", "0.8", "SOLVER.LR", "0.2");
  assertEquals([sgd.made, sgd.lr, sgd.weight_decay], [SGD, 0.2, 1e-4]);
  assertEquals([sgd.rest.momentum, sgd.rest.nesterov], [0.8, true]);
  const adamw = settings(
    "SOLVER.TYPE",
    "AdamW",
    "SOLVER.BETAS",
    "(0.8, 0.99)",
    "SOLVER.EPS",
    "1e-6",
  );
  assertEquals([adamw.made, adamw.lr, adamw.weight_decay], [AdamW, 0.05, 1e-4]);
  assertEquals([adamw.rest.betas, adamw.rest.eps], [[0.8, 0.99], 1e-6]);
});

Deno.test("the configuration refuses what an optimiser or a schedule does not take", () => {
  assertStringIncludes(failure("SOLVER.TYPE", "Lion"), "SOLVER.TYPE must be one of SGD, AdamW");
  assertStringIncludes(failure("SOLVER.LR_SCHEDULE", "x"), "must be one of step, cosine");
  assertStringIncludes(
    failure("SOLVER.BETAS", "[0.9, 1]"),
    "a list of 2 numbers of at least 0 and",
  );
  assertStringIncludes(failure("SOLVER.AMSGRAD", "True"), "unknown key SOLVER.AMSGRAD");
  assertStringIncludes(failure("SOLVER.ACCUMULATE", "0"), "an integer of at least 1");
  const high = ["SOLVER.LR_SCHEDULE", "cosine", "SOLVER.LR_MIN", "0.2", "SOLVER.LR", "0.1"];
  assertStringIncludes(failure(...high), "SOLVER.LR_MIN 0.2 is above SOLVER.LR 0.1");
  // What is not read does no harm.
  resolveConfig("", "x", ["SOLVER.TYPE", "AdamW", "SOLVER.MOMENTUM", "0"]);
});

Deno.test("the help says which optimiser reads a key, a run prints those of its own", () => {
  const help = describeConfig();
  assertStringIncludes(help, "SOLVER.BETAS = [0.9, 0.999]\n");
  assertStringIncludes(help, "It is read with SOLVER.TYPE AdamW alone.");
  const printed = (...overrides: string[]) => formatConfig(resolveConfig("", "x", overrides));
  const [sgd, adamw] = [printed(), printed("SOLVER.TYPE", "AdamW", "SOLVER.LR_SCHEDULE", "cosine")];
  for (const name of ["MOMENTUM", "NESTEROV", "LR_DECAY_RATE"]) {
    assert(sgd.includes(`  ${name} `) && !adamw.includes(`  ${name} `), name);
  }
  for (const name of ["BETAS", "EPS", "LR_MIN"]) {
    assert(!sgd.includes(`  ${name} `) && adamw.includes(`  ${name} `), name);
  }
});

Deno.test("registerOptimizer() and registerSchedule() take what is not ours, once", async () => {
  // In a process of its own: what is registered stays.
  const args = ["run", "-A", "--no-check", new URL("strangers.ts", import.meta.url).pathname];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  assert(success, new TextDecoder().decode(stderr));
});
