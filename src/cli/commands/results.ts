import type { Command } from "@commander-js/extra-typings";
import { typedPath } from "../../config/typed_path.ts";
import { METHOD_NAMES } from "../results/results_file.ts";
import { count } from "./count.ts";
import { deviceOption } from "./device_option.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
Every finished run is recorded at once; run the command again to go on where it stopped. Runs whose configuration,
teacher or cost matrix has changed since are trained again. KEY VALUE pairs change all runs.

Examples:
  deno task results --seeds 3
  deno task results --methods alone,wkd_l --seeds 1`;

/** Adds the `results` command. */
export function addResults(program: Command, exit: Exit): void {
  program.command("results")
    .description("train with every method and several seeds, and make the table of results")
    .option("--seeds <n>", "runs of each method, with the seeds 0 to n - 1", count, 2)
    .option("--methods <list>", `some of ${METHOD_NAMES.join(",")}; default all`)
    .option("--out <file>", "where runs are recorded", typedPath, "results/fashion_mnist.json")
    .addOption(deviceOption())
    .argument("[overrides...]", "KEY VALUE pairs for all runs")
    .addHelpText("after", EXAMPLES)
    .action(async (overrides, flags) => {
      const { results } = await import("../results/results.ts");
      exit(await results(flags, overrides));
    });
}
