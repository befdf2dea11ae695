// Registers an optimiser and a schedule as a user's module does, and fails where they are not used; run by registry.test.ts.
import { assertEquals, assertThrows } from "@std/assert";
import { field, init, registerOptimizer, registerSchedule, SGD, tensor } from "../../mod.ts";
import { ConfigError } from "../../src/config/config.ts";
import { configToYaml } from "../../src/config/format_config.ts";
import { UserError } from "../../src/errors.ts";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { buildOptimizer, buildSchedule } from "../../src/optim/registry.ts";

await init();
const before = configToYaml(resolveConfig("", "x"));
registerOptimizer("Halved", {
  keys: { PART: field.float(0.5, "Part of the learning rate.", { above: 0 }) },
  build: (parameters, { LR, PART }) => new SGD(parameters, { lr: LR * PART }),
});
registerSchedule("constant", { keys: {}, build: ({ LR }) => () => LR });
const config = resolveConfig("SOLVER: {TYPE: Halved, PART: 0.25, LR_SCHEDULE: constant}", "x");
const w = tensor([1], null, { requiresGrad: true });
const optimizer = buildOptimizer([w], config.SOLVER);
assertEquals(optimizer.lr, 0.0125);
const at = { epoch: 200, step: 0, stepsPerEpoch: 1, epochs: 240 };
assertEquals(buildSchedule(config.SOLVER)(at), 0.05);
assertThrows(
  () => resolveConfig("SOLVER: {PART: 0}", "x"),
  ConfigError,
  "SOLVER.PART must be a number greater than 0",
);
assertEquals(resolveConfig(before, "x").SOLVER.TYPE, "SGD");
const again = () => registerOptimizer("Halved", { keys: {}, build: () => optimizer });
assertThrows(again, UserError, "the optimiser Halved is there already");
for (const [name, whose] of [["MOMENTUM", "of SOLVER.TYPE SGD"], ["LR", "of every run"]]) {
  const other = () =>
    registerOptimizer("Other", { keys: { [name]: field.float(0, "X.") }, build: () => optimizer });
  assertThrows(other, UserError, `wants a key SOLVER.${name}, which is one ${whose} already`);
}
for (const each of [optimizer, w]) each.dispose();
Deno.exit(0);
