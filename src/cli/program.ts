import { Command, type CommandUnknownOpts } from "@commander-js/extra-typings";
import manifest from "../../deno.json" with { type: "json" };
import { programWords, withProgram } from "../config/program.ts";
import { addConfig } from "./commands/config.ts";
import { addConvert } from "./commands/convert.ts";
import { addCostMatrix } from "./commands/cost_matrix.ts";
import { addData } from "./commands/data.ts";
import { addDistill } from "./commands/distill.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addEval } from "./commands/eval.ts";
import type { Exit } from "./commands/exit.ts";
import { addExport } from "./commands/export.ts";
import { helpColumns, helpText } from "./options/help_text.ts";
import { addImport } from "./options/import_option.ts";
import { addInspect } from "./commands/inspect.ts";
import { addLive } from "./commands/live.ts";
import { addModels } from "./commands/models.ts";
import { addPredict } from "./commands/predict.ts";
import { addQuickstart } from "./commands/quickstart.ts";
import { addReport } from "./commands/report.ts";
import { addResults } from "./commands/results.ts";
import { addServe } from "./commands/serve.ts";
import { addTrain } from "./commands/train.ts";

/** Commander adds the line break itself, and so does the console. */
const OUTPUT = {
  writeOut: (text: string) => console.log(withProgram(text.trimEnd())),
  writeErr: (text: string) => console.error(withProgram(text.trimEnd())),
  // Asking for colours would read the environment, which takes a permission; the help has none.
  getOutHasColors: () => false,
  getErrHasColors: () => false,
  getOutHelpWidth: helpColumns,
  getErrHelpWidth: helpColumns,
  outputError: (text: string, write: (text: string) => void) => write(optionError(text)),
};

/** Commander's words for a value that an option does not take; the rest says what it takes. */
const VALUE = /^error: option '(?:-\w, )?(\S+)[^']*' argument '(.*)' is invalid\. (.*)$/s;

/**
 * The commands and their options. Nothing but commander is loaded before a command runs.
 *
 * @param exit takes the exit status of the command that ran
 */
export function buildProgram(exit: Exit): Command {
  const program = new Command(programWords().join(" "));
  program
    .version(manifest.version, "--version", "print the version")
    .usage("<command> [options]")
    .description(
      "Trains image classifiers from a teacher with the Wasserstein distance (WKD), on any GPU or on the CPU.",
    )
    .addHelpText(
      "after",
      helpText(
        "\n  of a command   deno task <command> --help\n  to start with  deno task doctor, then deno task quickstart\n" +
          "  paths          are relative to where the command is typed, those in a file to the project's folder; ~ is your home",
      ),
    );
  addTrain(program, exit);
  addDistill(program, exit);
  addEval(program, exit);
  addPredict(program, exit);
  addReport(program, exit);
  addCostMatrix(program, exit);
  addQuickstart(program, exit);
  addResults(program, exit);
  addDoctor(program, exit);
  addConfig(program, exit);
  addConvert(program, exit);
  addInspect(program, exit);
  addExport(program, exit);
  addModels(program, exit);
  addServe(program, exit);
  addLive(program, exit);
  addData(program, exit);
  program.hook("preAction", async (_, command) => {
    const { refuseRanks } = await import("./as_rank.ts");
    await refuseRanks(command.name());
  });
  const nested = program.commands.flatMap(({ commands }) => commands);
  for (const command of [program, ...program.commands, ...nested] as Command[]) {
    addImport(command);
    command.exitOverride().showSuggestionAfterError().configureOutput(OUTPUT)
      .configureHelp({ subcommandTerm });
    if (command !== program) command.option("--debug", "print the stack of an error, too");
  }
  return program;
}

/** A command's name and its other one; what else it takes is in its own help. */
function subcommandTerm(command: CommandUnknownOpts): string {
  return [command.name(), ...command.aliases()].join("|");
}

/**
 * Commander's message about the words of the command line as one sentence.
 *
 * @param text the message, which may have line breaks
 */
function optionError(text: string): string {
  const plain = text.trimEnd().replaceAll("\n", " ");
  const [, option, value, wanted] = VALUE.exec(plain) ?? [];
  if (option === undefined) return `${plain}; --help shows what there is`;
  const what = wanted.replace(/^Allowed choices are/, "one of").replace(/\.$/, "");
  return `error: ${option} must be ${what}; got ${value || "nothing"}`;
}
