import { CommanderError } from "@commander-js/extra-typings";
import { withProgram } from "../config/program.ts";
import { escapeControls, visible } from "../formats/visible.ts";
import { GpuError } from "../gpu/gpu_error.ts";
import { guardConsole, lostStreams } from "../logging/terminal.ts";
import { importedModules } from "../registry/imports.ts";
import { FailedRun, ImportError } from "./cli_error.ts";
import { commandWords } from "./commands/words.ts";
import { FAILED } from "./exit_status.ts";
import { gpuAdvice } from "./gpu_advice.ts";
import { outliveTerminal } from "./hangup.ts";
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
  "RangeError",
  "NotCapable",
]);

/**
 * Runs the command line as a process of its own: what it prints can be read safely by any terminal, and goes on where nobody
 * reads it any more.
 *
 * @returns the exit status, as of {@linkcode main}; 1 also where the output was wanted and could not be written
 */
export async function start(args: readonly string[]): Promise<number> {
  outliveTerminal();
  guardConsole();
  const status = await main(args);
  // A run has its files; of any other command the output is all there is.
  const unwritten = lostStreams().some(({ stream, closed }) => stream === "stdout" && !closed);
  return status === 0 && unwritten && !RUNS.has(args[0]) ? FAILED : status;
}

/** Commands that write what they do into files. */
const RUNS: ReadonlySet<string> = new Set(["train", "quickstart", "results"]);

/**
 * Runs the command line.
 *
 * @param args the words after `mod.ts`
 * @returns the exit status: 0, 1 after an error (its message is on standard error), 128 and the signal's number after Ctrl-C,
 * SIGTERM or SIGHUP
 */
export async function main(args: readonly string[]): Promise<number> {
  let status = 0;
  const program = buildProgram((code) => status = code);
  try {
    await program.parseAsync(commandWords(program, args), { from: "user" });
  } catch (error) {
    return report(error, args[0]);
  }
  return status;
}

function report(thrown: unknown, command: string): number {
  const error = firstError(thrown);
  if (error instanceof FailedRun) {
    const status = report(error.cause, command);
    console.error(error.kept);
    return status;
  }
  if (error instanceof CommanderError) return error.exitCode;
  if (!(error instanceof Error)) throw error;
  if (error instanceof GpuError) {
    // The compiler's message has lines of its own.
    console.error(`error: ${error.message}${withProgram(gpuAdvice(error, command))}`);
  } else if (error instanceof ImportError) {
    console.error(`error: ${visible(error.message)}\n${escapeControls(error.trace)}`);
  } else if (PLAIN.has(error.name)) console.error(`error: ${visible(error.message)}`);
  else {
    const whose = isImported(error)
      ? "this is a mistake in a module that --import runs"
      : "this is a mistake in the program itself, please report it";
    console.error(`error: ${whose}\n${error.stack}`);
  }
  return FAILED;
}

/** Whether an error comes out of an imported module: the first file in its stack is none of the package's. */
function isImported({ stack = "" }: Error): boolean {
  if (importedModules().length === 0) return false;
  const [first = null] = /(?:file|https?):\/\/\S+/.exec(stack.slice(stack.indexOf("\n    at "))) ??
    [];
  return first !== null && !first.startsWith(PACKAGE) && !first.includes("/node_modules/");
}

/** Where the package's sources lie. */
const PACKAGE = new URL("../", import.meta.url).href;

/** What went wrong first, where cleaning up after it went wrong, too. */
function firstError(error: unknown): unknown {
  return error instanceof SuppressedError ? firstError(error.suppressed) : error;
}
