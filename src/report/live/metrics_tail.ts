import { join } from "node:path";
import type { EpochLine, StepLine } from "../../logging/metrics_jsonl.ts";

/** Bytes that are read at once. */
const PIECE = 1 << 16;

/** Figures that a run has logged since somebody looked last. */
export interface NewMetrics {
  /** Whether they are all there are, since the log is another one now. */
  readonly anew: boolean;
  /** The lines, whole ones alone. */
  readonly lines: readonly (EpochLine | StepLine)[];
}

/** Reads the `metrics.jsonl` of a run as it grows. */
export class MetricsTail {
  readonly path: string;
  #inode: number | null = null;
  #read = 0;
  #rest = "";

  /** Has read nothing of the run in `folder`. */
  constructor(folder: string) {
    this.path = join(folder, "metrics.jsonl");
  }

  /** What came since the last call; nothing where the file cannot be read now. */
  next(): NewMetrics {
    try {
      using file = Deno.openSync(this.path, { read: true });
      const { size, ino } = file.statSync();
      const anew = size < this.#read || ino !== this.#inode;
      if (anew) [this.#read, this.#rest] = [0, ""];
      this.#inode = ino;
      return { anew, lines: this.#lines(this.#more(file)) };
    } catch {
      return { anew: false, lines: [] };
    }
  }

  #more(file: Deno.FsFile): string {
    file.seekSync(this.#read, Deno.SeekMode.Start);
    const decoder = new TextDecoder();
    const piece = new Uint8Array(PIECE);
    let text = "";
    for (let count = file.readSync(piece); count; count = file.readSync(piece)) {
      this.#read += count;
      text += decoder.decode(piece.subarray(0, count), { stream: true });
    }
    return text;
  }

  #lines(text: string): (EpochLine | StepLine)[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    return lines.map(parsed).filter((line) => line !== null);
  }
}

/** A line that has what is drawn; null for any other. */
function parsed(text: string): EpochLine | StepLine | null {
  try {
    const line = JSON.parse(text);
    const isEpoch = line.kind === "epoch" && line.train && line.test &&
      Number.isInteger(line.epoch);
    const isStep = line.kind === "step" && Number.isInteger(line.globalStep);
    return isEpoch || isStep ? line : null;
  } catch {
    return null;
  }
}
