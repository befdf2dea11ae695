/** One choice among variants of a kernel for one shape, all of which compute the same, perhaps in other bits. */
export interface Tunable<T> {
  /** What the choice depends on: the kernel, shapes and types. */
  readonly key: string;
  /** At most eight are timed; the first runs where nothing was measured. */
  readonly variants: readonly T[];
  /** The name of a variant, by which it is remembered. */
  readonly nameOf: (variant: T) => string;
  /** Dispatches a variant on memory of its own, with any numbers in it. */
  readonly run: (variant: T) => void;
}

/** A shape whose variants are to be timed. */
export interface TuningRequest {
  /** What the choice depends on. */
  readonly key: string;
  /** Names of the variants; the first is the default. */
  readonly names: readonly string[];
  /** Dispatches the variant of that place. */
  readonly run: (index: number) => void;
}

/** Where choices are kept from one process to the next. */
export interface TuningStore {
  /** The choices that were kept. */
  load(): ReadonlyMap<string, string>;
  /** Keeps more, in place of those of the same keys. */
  add(choices: ReadonlyMap<string, string>): void;
}

/** What a run's checkpoint says of its choices. */
interface SavedChoices {
  /** The adapter that they were made for. */
  readonly adapter: string;
  /** Names of variants by key. */
  readonly choices: Readonly<Record<string, string>>;
}

/** Most variants of a shape that are timed. */
const MOST_VARIANTS = 8;

/**
 * Which variants of kernels run on a device. A choice is made before a step is recorded (`tune()`), stays for the whole
 * process, and goes with a run's checkpoint, so that equal choices make equal bits.
 */
export class Tuning {
  #store: TuningStore | null = null;
  #measures = false;
  /** Measured, or from the store. */
  readonly #kept = new Map<string, string>();
  /** Those that a run went on with. */
  #resumed: ReadonlyMap<string, string> = new Map();
  /** Whether the run under way was begun without measuring, and so goes on. */
  #without = false;
  /** What the run under way uses, defaults too. */
  readonly #used = new Map<string, string>();
  #wanted: Map<string, TuningRequest> | null = null;

  /** Chooses the default of everything; `adapter` is its name. */
  constructor(readonly adapter: string) {}

  /** Has the variants of each new shape timed, and the winners kept in `store` where there is one. */
  turnOn(store: TuningStore | null = null): void {
    this.#measures = true;
    this.#store = store;
    for (const [key, name] of store?.load() ?? []) this.#kept.set(key, name);
  }

  /** Has nothing more timed: defaults run, and what a run went on with. */
  turnOff(): void {
    this.#measures = false;
  }

  /** Whether new shapes are timed. */
  get measures(): boolean {
    return this.#measures && !this.#without;
  }

  /** Whether anything but defaults may be chosen. */
  get active(): boolean {
    return this.measures || this.#resumed.size > 0;
  }

  /** The variant of a shape. While {@linkcode Tuning.gather} runs, what is not known is noted. */
  choose<T>({ key, variants, nameOf, run }: Tunable<T>): T {
    const [fallback] = variants;
    if (!this.active || variants.length < 2) return fallback;
    const name = this.#resumed.get(key) ?? (this.measures ? this.#kept.get(key) : undefined);
    const known = name === undefined ? undefined : variants.find((each) => nameOf(each) === name);
    if (known === undefined && this.#wanted && this.measures) {
      const timed = variants.slice(0, MOST_VARIANTS);
      this.#wanted.set(key, { key, names: timed.map(nameOf), run: (i) => run(timed[i]) });
      return fallback;
    }
    this.#used.set(key, nameOf(known ?? fallback));
    return known ?? fallback;
  }

  /** The shapes without a choice that `fn` chooses for. */
  gather(fn: () => void): TuningRequest[] {
    const wanted = this.#wanted = new Map();
    try {
      fn();
    } finally {
      this.#wanted = null;
    }
    return [...wanted.values()];
  }

  /** Remembers the winners that were measured. */
  keep(choices: ReadonlyMap<string, string>): void {
    for (const [key, name] of choices) this.#kept.set(key, name);
    if (choices.size > 0) this.#store?.add(choices);
  }

  /**
   * Goes on with a run's choices: {@linkcode Tuning.saved} of its checkpoint, or undefined where it was begun without
   * measuring. Those of another adapter are left out.
   */
  resumeRun(saved: string | undefined): void {
    this.#without = saved === undefined;
    const { adapter, choices } = parsed(saved);
    this.#resumed = new Map(adapter === this.adapter ? Object.entries(choices) : []);
  }

  /** Ends a run; what it went on with counts no more. */
  endRun(): void {
    this.#resumed = new Map();
    this.#without = false;
    this.#used.clear();
  }

  /** The choices of the run under way as JSON, for its checkpoint; undefined where all are defaults unmeasured. */
  get saved(): string | undefined {
    if (!this.active) return undefined;
    // What this process did not come to is still the run's.
    const choices = Object.fromEntries([...this.#resumed, ...this.#used]);
    return JSON.stringify({ adapter: this.adapter, choices } satisfies SavedChoices);
  }
}

function parsed(saved: string | undefined): SavedChoices {
  try {
    const { adapter, choices } = JSON.parse(saved ?? "{}");
    const entries = Object.entries(choices ?? {}).filter(([, name]) => typeof name === "string");
    return { adapter: String(adapter), choices: Object.fromEntries(entries) as never };
  } catch {
    // No choices: they are made again.
    return { adapter: "", choices: {} };
  }
}
