import { type Command, Option } from "@commander-js/extra-typings";
import { MODEL_FAMILIES } from "../../models/family.ts";
import { helpText } from "../options/help_text.ts";
import { count } from "../options/numbers.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
Multiply-adds are those of the convolutions and linear layers for one image. ResNet18 and ResNet50 are other models in
the two families; the data set decides which is taken.

Examples:
  deno task models
  deno task models --family imagenet --json`;

/** Adds the `models` command. */
export function addModels(program: Command, exit: Exit): void {
  program.command("models")
    .description("list the models with their parameters and multiply-adds")
    .addOption(
      new Option("--family <name>", "models for small or for large images")
        .choices(MODEL_FAMILIES),
    )
    .option("--classes <n>", "classes; default 100, or 1000 for imagenet", count)
    .option("--json", "as JSON")
    .addHelpText("after", helpText(EXAMPLES))
    .action(async (flags) => {
      const { models } = await import("../models.ts");
      exit(models(flags));
    });
}
