import { Command } from "@commander-js/extra-typings";
import { CliError } from "./cli_error.ts";

/** Errors that mean a mistake of the user's or the machine's, not one of ours: no stack is printed. */
const PLAIN = new Set([
  "CliError",
  "ConfigError",
  "CheckpointError",
  "SafetensorsError",
  "WriteError",
  "TrainingError",
  "GpuError",
  "RangeError",
]);

/** Runs the command line and returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  let status = 0;
  const program = build((code) => status = code);
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    return report(error);
  }
  return status;
}

function build(exit: (status: number) => void): Command {
  const program = new Command("wkd")
    .description("Distils image classifiers with the Wasserstein distance, on any GPU.")
    .showHelpAfterError("(add --help for the options)")
    .showSuggestionAfterError();
  program.command("train")
    .description("train a student as a configuration says")
    .requiredOption("--cfg <file>", "configuration (YAML)")
    .option("--resume", "go on with a run that was stopped")
    .option("--overwrite", "start again where a run already is")
    .option("--profile", "at the end, print the time by kernel of one step")
    .option("--device <kind>", "auto, hardware or software (also WKD_DEVICE)")
    .argument("[overrides...]", "KEY VALUE pairs that win over the file, such as SOLVER.LR 0.1")
    .action(async (overrides, options) => {
      const { train } = await import("./train.ts");
      exit(await train(options, overrides));
    });
  return program as unknown as Command;
}

function report(error: unknown): number {
  if (!(error instanceof Error)) throw error;
  if (PLAIN.has(error.name) || error instanceof CliError) {
    console.error(`error: ${error.message}`);
    return 1;
  }
  throw error;
}
