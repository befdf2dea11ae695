import { join } from "node:path";
import { parseYaml } from "../../config/yaml_document.ts";
import { changedAt, fileExists } from "../../formats/paths.ts";
import type { EpochLine } from "../../logging/metrics_jsonl.ts";
import { formatSeconds } from "../../logging/text.ts";
import { CONFIG_FILE, REPORT_FILE } from "../../run/run_file_names.ts";
import { LiveState } from "./live_state.ts";
import { MetricsTail } from "./metrics_tail.ts";

/** A run of a pipeline, in the order in which they are trained. */
const STAGES = ["teacher", "student", "alone", "kd"];
/** What a pipeline writes of itself. */
const PIPELINE = "pipeline.json";
/** What a process that trains has open. */
const LOCK = ".lock";
/** Epochs that say how long the others take. */
const RECENT = 5;

/** The folder of a run that is looked at: that, or the one of a pipeline's runs that was changed last. */
export function watchedFolder(folder: string): string {
  if (!fileExists(join(folder, PIPELINE))) return folder;
  const runs = STAGES.map((name) => join(folder, name))
    .filter((path) => fileExists(join(path, CONFIG_FILE)));
  const age = (path: string) =>
    Math.max(changedAt(join(path, "metrics.jsonl")), changedAt(join(path, CONFIG_FILE)));
  return runs.sort((a, b) => age(b) - age(a))[0] ?? folder;
}

/** What the files of a run say of it while another process trains it. */
export class WatchedRun {
  readonly state: LiveState;
  readonly #tail: MetricsTail;
  #last: EpochLine[] = [];

  /** Reads nothing yet but the configuration; `now` gives milliseconds since 1970. */
  constructor(readonly folder: string, readonly now: () => number = Date.now) {
    this.#tail = new MetricsTail(folder);
    this.state = new LiveState({ folder, ...described(folder) });
  }

  /** Looks at the files again. */
  look(): void {
    const { anew, lines } = this.#tail.next();
    if (anew) {
      this.state.forget();
      this.#last = [];
      this.state.tell(described(this.folder));
    }
    for (const line of lines) {
      if (line.kind === "step") this.state.point(line);
      else {
        this.state.epoch(line);
        this.#last = [...this.#last, line].slice(-RECENT);
      }
    }
    this.#tellNow();
  }

  #tellNow(): void {
    const { epoch, epochs } = this.state.status;
    const quiet = Math.max(0, (this.now() - changedAt(this.#tail.path)) / 1000);
    const known = fileExists(this.#tail.path);
    const wrote = known ? `the log was written ${formatSeconds(quiet)} ago` : "no log yet";
    if (!fileExists(join(this.folder, LOCK))) {
      const done = epochs > 0 && epoch >= epochs;
      const report = join(this.folder, REPORT_FILE);
      const detail = done
        ? fileExists(report) ? `the report is ${report}` : ""
        : "no process trains it now";
      return this.state.tell({
        phase: done ? "done" : "ended",
        detail,
        secondsLeft: done ? 0 : null,
      });
    }
    const left = this.#secondsLeft();
    const secondsLeft = left === null ? null : Math.max(0, left - quiet);
    this.state.tell({ phase: "training", detail: wrote, secondsLeft });
  }

  #secondsLeft(): number | null {
    const { epoch, epochs } = this.state.status;
    if (this.#last.length === 0) return null;
    const seconds = this.#last.map(({ train, test, ema }) =>
      train.seconds + test.seconds + (ema?.test.seconds ?? 0)
    );
    const mean = seconds.reduce((a, b) => a + b) / seconds.length;
    return Number.isFinite(mean) ? (epochs - epoch) * mean : null;
  }
}

/** What is read of a configuration, which may have settings of modules that are not here. */
interface Told {
  readonly DISTILLER: { readonly TYPE: string; readonly TEACHER: string; readonly STUDENT: string };
  readonly SOLVER: { readonly EPOCHS: number };
}

/** What the configuration says of the run; nothing where it cannot be read. */
function described(folder: string): { title: string; epochs: number } {
  try {
    const config = parseYaml(Deno.readTextFileSync(join(folder, CONFIG_FILE))) as unknown as Told;
    const { TYPE, TEACHER, STUDENT } = config.DISTILLER;
    const title = TYPE === "NONE" ? STUDENT : `${TEACHER} teaches ${STUDENT}`;
    return { title: String(title), epochs: Number(config.SOLVER.EPOCHS) || 0 };
  } catch {
    return { title: folder, epochs: 0 };
  }
}
