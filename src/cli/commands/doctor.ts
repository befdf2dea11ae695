import type { Command } from "@commander-js/extra-typings";
import { deviceOption } from "../options/device_options.ts";
import { helpText } from "../options/help_text.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
Ends with status 1 when something is wrong that keeps the other commands from working.

Examples:
  deno task doctor
  deno task doctor --device software --json`;

/** Adds the `doctor` command. */
export function addDoctor(program: Command, exit: Exit): void {
  program.command("doctor")
    .description("say what the machine computes with, how fast, and what is wrong")
    .option("--json", "as JSON")
    .addOption(deviceOption())
    .addHelpText("after", helpText(EXAMPLES))
    .action(async (flags) => {
      const { doctor } = await import("../doctor.ts");
      exit(await doctor(flags));
    });
}
