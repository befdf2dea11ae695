import { CommanderError } from "@commander-js/extra-typings";
import { resumeWords } from "./commands/train.ts";
import { FAILED } from "./exit_status.ts";
import { buildProgram } from "./program.ts";

/** Errors that say in one sentence what is wrong; anything else is a mistake of ours and shows its stack. */
const PLAIN = new Set([
  "Error",
  "CliError",
  "ConfigError",
  "CheckpointError",
  "FormatError",
  "SafetensorsError",
  "WriteError",
  "TrainingError",
  "GpuError",
  "RangeError",
  "NotCapable",
]);

/**
 * Runs the command line.
 *
 * @param args the words after `mod.ts`
 * @returns the exit status: 0, 1 after an error (its message is on standard error), 130 after Ctrl-C
 */
export async function main(args: readonly string[]): Promise<number> {
  let status = 0;
  const program = buildProgram((code) => status = code);
  try {
    await program.parseAsync(resumeWords(longOptions(args)), { from: "user" });
  } catch (error) {
    return report(error);
  }
  return status;
}

/** mdistiller writes `-bs`, which would be read as `-b s`. */
function longOptions(args: readonly string[]): string[] {
  return args.map((arg) => arg === "-bs" || arg === "--bs" ? "--batch-size" : arg);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode;
  if (!(error instanceof Error)) throw error;
  console.error(
    PLAIN.has(error.name)
      ? `error: ${error.message}`
      : `error: this is a mistake in the program itself, please report it\n${error.stack}`,
  );
  return FAILED;
}
