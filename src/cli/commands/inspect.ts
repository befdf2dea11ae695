import type { Command } from "@commander-js/extra-typings";
import { typedPath } from "../../config/typed_path.ts";
import { helpText } from "../options/help_text.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
Reads safetensors and torch files. Nothing in a file is executed.

Examples:
  deno task inspect checkpoints/fashion_mnist/resnet20.safetensors
  deno task inspect ckpt_epoch_240.pth --stats`;

/** Adds the `inspect` command. */
export function addInspect(program: Command, exit: Exit): void {
  program.command("inspect")
    .description("list what a checkpoint holds, and which models it fits")
    .argument("<checkpoint>", "a checkpoint or cost matrix of any format", typedPath)
    .option("--stats", "smallest, largest and mean number of every tensor")
    .option("--json", "as JSON")
    .addHelpText("after", helpText(EXAMPLES))
    .action(async (checkpoint, flags) => {
      const { inspect } = await import("../checkpoints/inspect.ts");
      exit(inspect(checkpoint, flags));
    });
}
