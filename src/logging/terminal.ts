import { ioReason } from "../formats/io_reason.ts";
import { escapeControls } from "../formats/visible.ts";
import { wrapText } from "./wrap.ts";

/** A stream of the terminal. */
type Stream = "stdout" | "stderr";

/** How a stream was lost: nobody reads it any more, or it cannot be written for another reason. */
interface LostStream {
  /** Which one. */
  readonly stream: Stream;
  /** Whether its reader ended (`| head`, a closed terminal): no fault of anybody's. */
  readonly closed: boolean;
  /** Why, as a clause. */
  readonly reason: string;
}

/** Milliseconds between two tries where a reader that may not be waited for is slow. */
const RETRY_MS = 5;
/** Tries before such a reader counts as gone: ten seconds without a byte taken. */
const TRIES = 2000;

const encoder = new TextEncoder();
const lost = new Map<Stream, LostStream>();

/** The streams that were lost so far. */
export function lostStreams(): readonly LostStream[] {
  return [...lost.values()];
}

/**
 * Writes to the terminal as it is. A stream that can no longer be written (its reader ended, its disk is full) is passed over
 * from then on: whatever the program does is worth more than what it says.
 */
export function writeTerminal(stream: Stream, text: string): void {
  if (lost.has(stream)) return;
  const bytes = encoder.encode(text);
  try {
    for (let done = 0, tries = 0; done < bytes.length;) {
      const written = writeSome(stream, bytes.subarray(done));
      done += written;
      tries = written > 0 ? 0 : tries + 1;
      if (tries > TRIES) throw new Deno.errors.TimedOut("nobody reads it");
    }
  } catch (error) {
    lose(stream, error);
  }
}

/** Bytes that were taken; 0, after a pause, where the reader takes none now. */
function writeSome(stream: Stream, bytes: Uint8Array): number {
  try {
    return Deno[stream].writeSync(bytes);
  } catch (error) {
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    return 0;
  }
}

function lose(stream: Stream, error: unknown): void {
  // A closed terminal gives EIO, a closed descriptor EBADF; Deno has no classes for these.
  const closed = error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.BadResource || /os error (5|9)\b/.test(String(error));
  lost.set(stream, { stream, closed, reason: ioReason(error) });
  if (stream === "stderr") return;
  if (closed) return;
  writeTerminal("stderr", `standard output cannot be written any more: ${ioReason(error)}\n`);
}

/**
 * Whether somebody watches a stream, standard output, in a terminal. Open MPI gives its ranks one without a width, whose output
 * it hands on wherever it is to go.
 */
export function isWatched(stream: Stream = "stdout"): boolean {
  try {
    return Deno[stream].isTerminal() && Deno.consoleSize().columns > 0;
  } catch {
    return false;
  }
}

/** The terminal's width; 80 where there is none, or it does not say. */
export function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

/**
 * Has the console write through {@linkcode writeTerminal}, with control characters of any text shown instead of obeyed. Line
 * breaks and tabs stay: they are the layout of messages, and names in them are made visible where they are put in. On a
 * terminal no line is longer than that is.
 */
export function guardConsole(): void {
  const line = (stream: Stream) => {
    const isTerminal = isWatched(stream);
    return (...values: unknown[]) => {
      const text = values.map(asText).join(" ");
      writeTerminal(stream, `${isTerminal ? wrapText(text, terminalColumns()) : text}\n`);
    };
  };
  Object.assign(console, {
    log: line("stdout"),
    info: line("stdout"),
    debug: line("stdout"),
    warn: line("stderr"),
    error: line("stderr"),
  });
}

function asText(value: unknown): string {
  return escapeControls(typeof value === "string" ? value : Deno.inspect(value));
}
