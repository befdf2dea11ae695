import type { Command } from "@commander-js/extra-typings";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
Without --cfg and without pairs it describes every key: its meaning, its default and what it may be.

Examples:
  deno run -A mod.ts config
  deno run -A mod.ts config --cfg configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml SOLVER.LR 0.1`;

/** Adds the `config` command. */
export function addConfig(program: Command, exit: Exit): void {
  program.command("config")
    .description("describe the configuration keys, or print a configuration in full")
    .option("--cfg <file>", "configuration (YAML)")
    .argument("[overrides...]", "KEY VALUE pairs such as SOLVER.LR 0.1")
    .addHelpText("after", EXAMPLES)
    .action(async (overrides, flags) => {
      const { config } = await import("../config.ts");
      exit(config(flags, overrides));
    });
}
