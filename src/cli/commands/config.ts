import type { Command } from "@commander-js/extra-typings";
import { typedPath } from "../../config/typed_path.ts";
import { helpText } from "../options/help_text.ts";
import { oneFile, takeFile } from "../options/typed_file.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
Without --cfg and without pairs it describes every key: its meaning, its default and what it may be.

Examples:
  deno task config
  deno task config --cfg configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml SOLVER.LR 0.1`;

/** Adds the `config` command. */
export function addConfig(program: Command, exit: Exit): void {
  program.command("config")
    .description("describe the configuration keys, or print a configuration in full")
    .option("-c, --cfg <file>", "configuration (YAML); also without --cfg", typedPath)
    .argument("[overrides...]", "KEY VALUE pairs such as SOLVER.LR 0.1")
    .addHelpText("after", helpText(EXAMPLES))
    .action(async (words, flags) => {
      const { overrides, ...typed } = takeFile(words, "cfg");
      const cfg = oneFile("--cfg", flags.cfg, typed.cfg && typedPath(typed.cfg));
      const { config } = await import("../config.ts");
      exit(config({ cfg }, overrides));
    });
}
