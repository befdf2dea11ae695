import { StatusLine } from "../../logging/status_line.ts";
import { terminalColumns, writeTerminal } from "../../logging/terminal.ts";
import { fitLine, part } from "../../logging/lines.ts";
import { barPart, timeLeft } from "../../logging/progress_lines.ts";

/** A bar that counts up to a total, on a terminal; elsewhere nothing is shown. */
export interface CountBar {
  /** Shows how many of how many are done. */
  readonly update: (done: number, total: number) => void;
  /** Takes the bar away. */
  readonly clear: () => void;
}

const FRAME_MS = 100;

/**
 * A bar on standard error, where it does not mix with a command's output.
 *
 * @param what what is done, such as `evaluating`
 * @param unit what is counted, such as `images`
 */
export function countBar(what: string, unit: string): CountBar {
  if (!Deno.stderr.isTerminal()) return { update: () => {}, clear: () => {} };
  const line = new StatusLine(
    (text) => writeTerminal("stderr", text),
    terminalColumns,
  );
  const start = performance.now();
  let last = -Infinity;
  return {
    update: (done, total) => {
      const now = performance.now();
      if (now - last < FRAME_MS && done < total) return;
      last = now;
      const left = (now - start) / 1000 * (total - done) / done;
      line.show(
        fitLine([part(what, [1, ""]), barPart(done, total, unit), timeLeft(left)], line.room),
      );
    },
    clear: () => line.clear(),
  };
}
