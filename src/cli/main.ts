import { CommanderError } from "@commander-js/extra-typings";
import { commandWords } from "./commands/words.ts";
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
    await program.parseAsync(commandWords(program, args), { from: "user" });
  } catch (error) {
    return report(error);
  }
  return status;
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
