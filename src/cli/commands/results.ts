import { type Command, Option } from "@commander-js/extra-typings";
import { typedPath } from "../../config/typed_path.ts";
import { deviceOption, noTuneOption, tuneOption } from "../options/device_options.ts";
import { helpText } from "../options/help_text.ts";
import { count } from "../options/numbers.ts";
import { METHOD_NAMES, TABLE_NAMES } from "../results/tables.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
Every finished run is recorded at once; run the command again to go on where it stopped. Runs whose configuration,
teacher or cost matrix has changed since are trained again. KEY VALUE pairs change all runs.

A table is the configurations of configs/<table>: the student alone, and taught in several ways. Where they do not name the
teacher's file (DISTILLER.TEACHER_CHECKPOINT), the teacher and its cost matrix come first, once for all seeds; with --methods
that leave the teacher out, the one that is recorded is taken as it is.

Examples:
  deno task results --seeds 3
  deno task results --methods alone,wkd_l --seeds 1
  deno task results --table cifar10 DATASET.ROOT /data/cifar10`;

/** Adds the `results` command. */
export function addResults(program: Command, exit: Exit): void {
  program.command("results")
    .description("train with every method and several seeds, and make the table of results")
    .addOption(
      new Option("--table <name>", "which table").choices(TABLE_NAMES).default(TABLE_NAMES[0]),
    )
    .option("--seeds <n>", "runs of each method, with the seeds 0 to n - 1", count, 2)
    .option("--methods <list>", `some of ${METHOD_NAMES.join(",")}; default all`)
    .option("--out <file>", "where runs are recorded; default results/<table>.json", typedPath)
    .addOption(deviceOption())
    .addOption(tuneOption())
    .addOption(noTuneOption())
    .argument("[overrides...]", "KEY VALUE pairs for all runs")
    .addHelpText("after", helpText(EXAMPLES))
    .action(async (overrides, flags) => {
      const { results } = await import("../results/results.ts");
      exit(await results(flags, overrides));
    });
}
