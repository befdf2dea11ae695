import { join } from "@std/path";
import { isSavedConfig } from "../config/changed_settings.ts";
import { type Config, sectionOf } from "../config/config.ts";
import { asTyped } from "../config/typed_path.ts";
import { UserError } from "../errors.ts";
import { checkFolder } from "../formats/atomic_write.ts";
import { isThere } from "../formats/paths.ts";
import { ReplacedRuns } from "./replaced_runs.ts";
import { CONFIG_FILE, foldersInTheWay, removeTemporaries, runFiles } from "./run_file_names.ts";
import { RunLock } from "./run_lock.ts";

/** A run's folder while this process, and no other, writes to it. */
export class RunFolder implements Disposable {
  /** The runs that the one in the folder replaces. */
  readonly replaced: ReplacedRuns;
  /** Where the run lay that a process was to replace which then died without a checkpoint: it is back. Else null. */
  readonly recovered: string | null;
  readonly #made: boolean;
  readonly #lock: RunLock;

  /**
   * Makes the folder where it is missing, takes it for this process, and clears up after one that was killed there.
   *
   * @param path the folder
   * @param warn hears what is not as it should be
   * @throws UserError where another process has it
   * @throws WriteError where it cannot be written
   */
  constructor(readonly path: string, warn: (message: string) => void) {
    this.#made = !isThere(path);
    checkFolder(path);
    this.#lock = new RunLock(path, warn);
    try {
      this.replaced = new ReplacedRuns(path);
      removeTemporaries(path);
      this.recovered = this.replaced.recover();
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  /** Makes sure that the folder is still there and still this process's; throws where it is not. */
  readonly check = (): void => this.#lock.check();

  /**
   * Refuses where something lies in the folder that a run would have to overwrite and that no run has written.
   *
   * @throws UserError naming it
   */
  refuseInTheWay(config: Config): void {
    const [name] = foldersInTheWay(this.path, config.LOG.SAVE_CHECKPOINT_FREQ);
    if (name !== undefined) {
      throw new UserError(
        `${
          join(this.path, name)
        } is a folder, and the run writes a file of that name; move it, or choose another EXPERIMENT.NAME`,
      );
    }
    const path = join(this.path, CONFIG_FILE);
    const alone = runFiles(this.path).join() === CONFIG_FILE && this.replaced.place === null;
    if (alone && !isSavedConfig(Deno.readTextFileSync(path), config)) {
      throw new UserError(
        `${
          asTyped(path)
        } is not of a run, and the run writes its configuration there; move it, or choose another EXPERIMENT.NAME`,
      );
    }
  }

  /**
   * The configuration with the places where its files lie now. Those it names in the folder may have been put aside.
   *
   * @param resume whether it is that of the run in the folder; else of one that replaces it
   */
  located(config: Config, resume: boolean): Config {
    const { replaced } = this;
    return withReads(config, (path) => {
      const found = replaced.locate(path);
      if (!found || found.aside !== null) return path;
      const aside = resume || replaced.place !== null ? replaced.reads(found.name) : null;
      if (aside !== null || resume || isThere(path) || replaced.place === null) {
        return aside ?? path;
      }
      const there = join(replaced.place, found.name);
      return isThere(there) ? there : path;
    });
  }

  /**
   * Puts the run in the folder aside for another one.
   *
   * @param config of the other one
   * @param from epochs that it starts with
   * @returns where the run lies, and the configuration with what it reads there
   */
  putAside(config: Config, from: number): { place: string; config: Config } {
    const reads: Record<string, string | null> = {};
    withReads(config, (path) => {
      const found = this.replaced.locate(path);
      if (found) reads[found.name] = found.aside;
      return path;
    });
    const place = this.replaced.putAside(from, reads);
    const moved = withReads(config, (path) => {
      const found = this.replaced.locate(path);
      return found && found.aside === null ? join(place, found.name) : path;
    });
    return { place, config: moved };
  }

  /** Gives the folder back. */
  [Symbol.dispose](): void {
    this.#lock.release();
    if (this.#made) removeIfEmpty(this.path);
  }
}

/** Gives the configuration's paths of files that it reads, where there are any, to `place`, and takes what it returns. */
function withReads(config: Config, place: (path: string) => string): Config {
  const { DISTILLER } = config;
  const { TYPE, TEACHER_CHECKPOINT: teacher, STUDENT_CHECKPOINT: student } = DISTILLER;
  const section = sectionOf(config, TYPE);
  const cost = section.COST_MATRIX_PATH ? String(section.COST_MATRIX_PATH) : "";
  return {
    ...config,
    DISTILLER: {
      ...DISTILLER,
      TEACHER_CHECKPOINT: teacher && place(teacher),
      STUDENT_CHECKPOINT: student && place(student),
    },
    ...(cost && { [TYPE]: { ...section, COST_MATRIX_PATH: place(cost) } }),
  };
}

function removeIfEmpty(folder: string): void {
  try {
    Deno.removeSync(folder);
  } catch {
    // The run's files are in it.
  }
}
