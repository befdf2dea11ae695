import { basename, dirname, join, relative } from "@std/path";
import { asTyped } from "../config/typed_path.ts";
import { UserError } from "../errors.ts";
import { WriteError, writeFileAtomic } from "../formats/atomic_write.ts";
import { ioReason } from "../formats/io_reason.ts";
import { removeIfThere } from "../formats/paths.ts";
import {
  checkpointsIn,
  CONFIG_FILE,
  isRunFile,
  removeEmptyFolders,
  removeTemporaries,
  runFiles,
} from "./run_file_names.ts";
import { latestPath } from "./run_files.ts";
import { readSavedState } from "./checkpoints/saved_states.ts";

const NAME = /^replaced(?:-(\d+))?$/;
/** Says that a folder is ours, and what lies in it. */
const MARK = ".replaced.json";

interface Mark {
  /** Files are on their way there or back: wherever they lie, they are the replaced run's. */
  moving: boolean;
  /** Epochs that were done when the run in the folder started; with one more it has replaced the other. */
  from: number;
  /** Run files that the run in the folder reads, and below which name each lies. */
  reads: Record<string, string>;
  /** The run is replaced, and only what the one in the folder reads is left. */
  done: boolean;
}

interface Aside {
  readonly name: string;
  readonly number: number;
  readonly mark: Mark;
}

/**
 * The runs that the run in a folder replaces. Each lies whole in a folder of its own, `replaced`, `replaced-2` and so on,
 * until the run in the folder has a `latest` with an epoch more than it started with; a process that dies in between loses
 * none of them. A folder of such a name that another has made is left alone, and so are files that are no run's.
 */
export class ReplacedRuns {
  /** Changes nothing yet. */
  constructor(readonly folder: string) {}

  /** Where the run lies that the one in the folder replaces; null where there is none. */
  get place(): string | null {
    const top = this.#top();
    return top && !top.mark.done ? join(this.folder, top.name) : null;
  }

  /** Where the file lies that the run in the folder reads under the name of one of its own; null where it is that. */
  reads(name: string): string | null {
    const aside = this.#top()?.mark.reads[name];
    return aside === undefined ? null : join(this.folder, aside, name);
  }

  /**
   * Ends what a process that died has begun.
   *
   * @returns where the replaced run lay that is back, since the new one had no checkpoint; else null
   */
  recover(): string | null {
    return this.#do(() => {
      const top = this.#top();
      if (!top || top.mark.done) return null;
      if (top.mark.moving) return this.#moveBack(top);
      if (!this.#replaced(top)) return this.undoEarly();
      this.discard();
      return null;
    });
  }

  /** Puts the replaced run back where the new one has no checkpoint; returns where it lay, or null. */
  undoEarly(): string | null {
    const { place } = this;
    if (place === null || checkpointsIn(this.folder).length > 0) return null;
    return this.putBack();
  }

  /**
   * Puts the run in the folder aside; its configuration stays readable, for commands that name it. It counts as under way
   * until {@linkcode settle} is called.
   *
   * @param from epochs that the new run starts with
   * @param reads run files that the new one reads, each with the folder it lies in, or null where it is put aside now
   * @returns where it lies
   */
  putAside(from: number, reads: Readonly<Record<string, string | null>>): string {
    const name = this.#freeName();
    const aside = join(this.folder, name);
    return this.#do(() => {
      Deno.mkdirSync(aside);
      const places = Object.entries(reads).map(([file, place]) => [file, place ?? name]);
      this.#mark(name, { moving: true, from, reads: Object.fromEntries(places), done: false });
      for (const file of runFiles(this.folder)) {
        const to = join(aside, file);
        Deno.mkdirSync(dirname(to), { recursive: true });
        if (file === CONFIG_FILE) Deno.copyFileSync(join(this.folder, file), to);
        else Deno.renameSync(join(this.folder, file), to);
      }
      removeEmptyFolders(this.folder);
      return aside;
    });
  }

  /** From now on the files in the folder are the new run's. */
  settle(): void {
    const top = this.#top();
    if (top) this.#do(() => this.#mark(top.name, { ...top.mark, moving: false }));
  }

  /** Whether the run has replaced the other once `finished` epochs are done. */
  isReplacedBy(finished: number): boolean {
    const top = this.#top();
    return top !== undefined && !top.mark.done && finished > top.mark.from;
  }

  /** Deletes the replaced runs, but for what the run in the folder reads. */
  discard(): void {
    this.#do(() => {
      const asides = this.#asides();
      const top = asides.at(-1);
      for (const { name, mark } of asides) {
        const kept = Object.entries(top!.mark.reads).filter(([, place]) => place === name)
          .map(([file]) => file);
        const holdsReads = name === top!.name && Object.keys(top!.mark.reads).length > 0;
        this.#remove(join(this.folder, name), kept);
        if (kept.length > 0 || holdsReads) this.#mark(name, { ...mark, done: true });
        else this.#removeAside(name);
      }
    });
  }

  /** Deletes the run in the folder and puts the replaced one back; returns where it lay, or null where there is none. */
  putBack(): string | null {
    const top = this.#top();
    if (!top || top.mark.done) return null;
    return this.#do(() => {
      const stays = runFiles(join(this.folder, top.name)).filter((file) => file === CONFIG_FILE);
      this.#remove(this.folder, stays);
      this.#mark(top.name, { ...top.mark, moving: true });
      return this.#moveBack(top);
    });
  }

  /**
   * Which run file a path names, however it is written: of the run in the folder, or of one that is put aside.
   *
   * @returns its name, and the folder it is put aside in, or null there; null where it names another file
   */
  locate(path: string): { name: string; aside: string | null } | null {
    const below = relative(realPath(this.folder), realPath(path)).replaceAll("\\", "/").split("/");
    const name = below.at(-1)!;
    if (!isRunFile(name) || below.length > 2) return null;
    if (below.length === 1) return { name, aside: null };
    const aside = this.#asides().find((each) => each.name === below[0]);
    return aside ? { name, aside: aside.name } : null;
  }

  #asides(): Aside[] {
    return names(this.folder).flatMap((name): Aside[] => {
      const match = NAME.exec(name);
      const mark = match && readMark(join(this.folder, name, MARK));
      return mark ? [{ name, number: Number(match[1] ?? 1), mark }] : [];
    }).sort((a, b) => a.number - b.number);
  }

  #top(): Aside | undefined {
    return this.#asides().at(-1);
  }

  #freeName(): string {
    const taken = new Set(names(this.folder));
    for (let number = (this.#top()?.number ?? 0) + 1;; number++) {
      const name = number === 1 ? "replaced" : `replaced-${number}`;
      if (!taken.has(name)) return name;
    }
  }

  #replaced({ mark }: Aside): boolean {
    try {
      return readSavedState(latestPath(this.folder)).finished > mark.from;
    } catch {
      return false;
    }
  }

  #moveBack({ name }: Aside): string {
    const aside = join(this.folder, name);
    for (const file of runFiles(aside)) {
      const [from, to] = [join(aside, file), join(this.folder, file)];
      Deno.mkdirSync(dirname(to), { recursive: true });
      Deno.renameSync(from, to);
      // Where both are links to one file, renaming does nothing.
      removeIfThere(from);
    }
    this.#removeAside(name);
    return aside;
  }

  #remove(folder: string, but: readonly string[]): void {
    for (const file of runFiles(folder).filter((file) => !but.includes(file))) {
      Deno.removeSync(join(folder, file));
    }
    removeEmptyFolders(folder);
  }

  #removeAside(name: string): void {
    const aside = join(this.folder, name);
    removeEmptyFolders(aside);
    removeTemporaries(aside);
    Deno.removeSync(join(aside, MARK));
    if (names(aside).length === 0) Deno.removeSync(aside);
  }

  #mark(name: string, mark: Mark): void {
    writeFileAtomic(join(this.folder, name, MARK), JSON.stringify(mark) + "\n");
  }

  #do<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (error instanceof WriteError || error instanceof UserError) throw error;
      const reason = ioReason(error);
      throw new WriteError(`cannot replace the run in ${asTyped(this.folder)}: ${reason}`, {
        cause: error,
      });
    }
  }
}

function names(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch {
    return [];
  }
}

function readMark(path: string): Mark | null {
  try {
    const { moving, from, reads, done } = JSON.parse(Deno.readTextFileSync(path));
    return { moving: moving === true, from: Number(from) || 0, reads: { ...reads }, done };
  } catch {
    // It is not ours, or not there.
    return null;
  }
}

/** The path without links, also where the file itself is not there. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    const folder = dirname(path);
    return folder === path ? path : join(realPath(folder), basename(path));
  }
}
