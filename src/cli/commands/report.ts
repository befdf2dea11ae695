import type { Command } from "@commander-js/extra-typings";
import { typedPath } from "../../config/typed_path.ts";
import { deviceOption } from "../options/device_options.ts";
import { helpText } from "../options/help_text.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
One run: what was trained on what, curves, the confusion matrix, the worst
mistakes, calibration, and what WKD moves from teacher to student. Several: their
curves over one another, what differs, and what came out, over the seeds where
only the seed differs.

The page is one file that opens from disk and asks nothing of anybody. It is made
of the run's own files; what needs the models is computed once and kept beside
them (report_data.json, confusion.csv). A figure whose files are gone is left out
with the reason. Runs make it themselves at their end (LOG.REPORT).

Examples:
  deno task report output/fashion_mnist/wkd_l_resnet20_resnet8
  deno task report output/fashion_mnist/wkd_l_* --out comparison.html`;

/** Adds the `report` command. */
export function addReport(program: Command, exit: Exit): void {
  program.command("report")
    .description("make a page about a run, or one that compares several")
    .option(
      "--out <file>",
      "the page; default: report.html in the folder of the first run",
      typedPath,
    )
    .addOption(deviceOption())
    .argument("<runs...>", "folders of runs")
    .addHelpText("after", helpText(EXAMPLES))
    .action(async (runs, flags) => {
      const { report } = await import("../pages/report.ts");
      exit(await report(runs.map((run) => typedPath(run)), flags));
    });
}
