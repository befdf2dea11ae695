import { CommanderError } from "@commander-js/extra-typings";
import { withProgram } from "../config/program.ts";
import { ImportError, UserError } from "../errors.ts";
import { escapeControls, visible } from "../formats/visible.ts";
import { GpuError } from "../gpu/gpu_error.ts";
import { guardConsole, lostStreams } from "../logging/terminal.ts";
import { leaveGroup, rankName } from "../parallel/open_group.ts";
import { importedModules } from "../registry/imports.ts";
import { FailedRun, firstError } from "../run/failed_run.ts";
import { lacksHostMemory, MemoryError } from "../run/memory_error.ts";
import { commandWords } from "./options/words.ts";
import { gpuAdvice, lessOf, memoryAdvice } from "./device/gpu_advice.ts";
import { buildProgram } from "./program.ts";
import { outliveTerminal } from "./terminal/hangup.ts";
import { FAILED } from "./terminal/interrupt_signal.ts";

/** Commands that write what they do into files. */
const RUNS: ReadonlySet<string> = new Set(["train", "distill", "distil", "quickstart", "results"]);
/** Commands that have `--live`. */
const LIVE: ReadonlySet<string> = new Set(["train", "distill", "distil"]);
/** Where the package's sources lie. */
const PACKAGE = new URL("../", import.meta.url).href;

/**
 * Runs the command line as a process of its own: what it prints can be read safely by any terminal, and goes on where nobody
 * reads it any more.
 *
 * @returns the exit status, as of {@linkcode main}; 1 also where the output was wanted and could not be written
 */
export async function start(args: readonly string[]): Promise<number> {
  outliveTerminal();
  guardConsole();
  const isLive = args.some((word) => word === "--live" || word.startsWith("--live="));
  if (LIVE.has(args[0]) && !isLive) (await import("./terminal/live_page.ts")).giveUpNetwork();
  const status = await main(args);
  await leaveGroup(status === FAILED);
  // A run has its files; of any other command the output is all there is.
  const unwritten = lostStreams().some(({ stream, closed }) => stream === "stdout" && !closed);
  return status === 0 && unwritten && !RUNS.has(args[0]) ? FAILED : status;
}

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
    const name = rankName();
    if (name) console.error(`${name}:`);
    return report(error, args[0], isDebug(args));
  }
  return status;
}

function report(thrown: unknown, command: string, debug: boolean): number {
  const error = firstError(thrown);
  if (error instanceof FailedRun) {
    const status = report(error.cause, command, debug);
    console.error(error.kept);
    return status;
  }
  if (error instanceof CommanderError) return error.exitCode;
  const sentence = inOneSentence(error, command);
  if (error instanceof ImportError) {
    console.error(`error: ${sentence}\n${escapeControls(error.trace)}`);
  } else if (sentence === null) {
    const whose = isImported(error)
      ? "this is a mistake in a module that --import runs"
      : "this is a mistake in the program itself, please report it";
    console.error(`error: ${whose}`);
    console.error(escapeControls(stackOf(error)));
  } else {
    console.error(`error: ${sentence}`);
    if (debug) console.error(escapeControls(stackOf(error)));
  }
  return FAILED;
}

/** What is wrong and what to do, where it is nothing that the program is to blame for; else null. */
function inOneSentence(error: unknown, command: string): string | null {
  if (error instanceof MemoryError && !lacksHostMemory(error.cause)) {
    return error.message + memoryAdvice(error.message, error.less);
  }
  if (error instanceof MemoryError || lacksHostMemory(error)) {
    const less = error instanceof MemoryError ? error.less : lessOf(command);
    return `this machine has no memory for so large an array; ${less}`;
  }
  // The compiler's message has lines of its own.
  if (error instanceof GpuError && error.kind) {
    return withProgram(error.message + gpuAdvice(error, command));
  }
  if (error instanceof UserError) {
    return visible(error.message) + (error.help && `\nhelp: ${visible(error.help)}`);
  }
  return error instanceof Deno.errors.NotCapable ? visible(error.message) : null;
}

/** Where an error came from, and what it came from itself. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\nCaused by: ${stackOf(error.cause)}`;
  return (error.stack ?? error.message) + cause;
}

/** Whether `--debug` is among the options. */
function isDebug(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).includes("--debug");
}

/** Whether an error comes out of an imported module: the first file in its stack is none of the package's. */
function isImported(error: unknown): boolean {
  const { stack = "" } = error instanceof Error ? error : {};
  if (importedModules().length === 0) return false;
  const [first = null] = /(?:file|https?):\/\/\S+/.exec(stack.slice(stack.indexOf("\n    at "))) ??
    [];
  return first !== null && !first.startsWith(PACKAGE) && !first.includes("/node_modules/");
}
