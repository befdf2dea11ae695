import type { Command } from "@commander-js/extra-typings";
import { typedPath } from "../../config/typed_path.ts";
import { deviceOption, noTuneOption, tuneOption } from "../options/device_options.ts";
import { helpText } from "../options/help_text.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
It writes to output/quickstart and starts again each time. It takes seconds on a GPU, and a few minutes on the CPU.

Examples:
  deno task quickstart
  deno task quickstart --alone`;

/** Adds the `quickstart` command. */
export function addQuickstart(program: Command, exit: Exit): void {
  program.command("quickstart")
    .description("teach a small student in a few minutes and compare it")
    .option("--alone", "train the student without its teacher and record that for the table")
    .option("--record <file>", "where that is recorded", typedPath, "results/quickstart.json")
    .addOption(deviceOption())
    .addOption(tuneOption())
    .addOption(noTuneOption())
    .argument("[overrides...]", "KEY VALUE pairs such as DATASET.SUBSET 100")
    .addHelpText("after", helpText(EXAMPLES))
    .action(async (overrides, flags) => {
      const { quickstart } = await import("../results/quickstart.ts");
      exit(await quickstart(flags, overrides));
    });
}
