import type { Command } from "@commander-js/extra-typings";
import { typedPath } from "../../config/typed_path.ts";
import { helpText } from "../options/help_text.ts";
import { port } from "../options/numbers.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
It reads the run's files and nothing else, so that the run is not disturbed: every epoch, and the steps between
as often as LOG.TENSORBOARD_FREQ says. train --live and distill --live show every step, and can stop the run.
Only browsers on this machine see the page, at an address that nobody guesses.

Examples:
  deno task live output/fashion_mnist/wkd_l_f_resnet20_resnet8
  deno task live output/distill/pictures --port 9000`;

/** Adds the `live` command. */
export function addLive(program: Command, exit: Exit): void {
  program.command("live")
    .description("watch a run of another process on a page")
    .argument("<run>", "folder of a run, or of what distill makes", typedPath)
    .option("--port <n>", "default: the first free one from 8100 on", port)
    .addHelpText("after", helpText(EXAMPLES))
    .action(async (run, flags) => {
      const { live } = await import("../pages/live.ts");
      exit(await live(run, flags.port));
    });
}
