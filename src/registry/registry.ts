import { UserError } from "../errors.ts";
import { registeringModule, rememberRegistration } from "./imports.ts";

/** A registration that cannot be taken; the message says of what, and why. */
export class RegistrationError extends UserError {
  /** Always `RegistrationError`. */
  override readonly name = "RegistrationError";
}

/** Things by their names, in the order they were registered: the package's own, then those of imported modules. */
export class Registry<T> {
  readonly #entries = new Map<string, { readonly entry: T; readonly module: string | null }>();

  /**
   * @param what what the things are, such as `distiller`
   * @param call what registers them, such as `registerDistiller`
   * @param pattern what a name has to be, and that in words
   */
  constructor(
    readonly what: string,
    readonly call: string,
    readonly pattern: readonly [RegExp, string],
  ) {}

  /** The names, in the order of registration. */
  get names(): string[] {
    return [...this.#entries.keys()];
  }

  /** What is registered, in that order. */
  get all(): T[] {
    return [...this.#entries.values()].map(({ entry }) => entry);
  }

  /** Whether a name is that of an imported module's. */
  isImported(name: string): boolean {
    return (this.#entries.get(name)?.module ?? null) !== null;
  }

  /** What has a name; undefined where nothing has. */
  get(name: string): T | undefined {
    return this.#entries.get(name)?.entry;
  }

  /**
   * Refuses a name that cannot be registered.
   *
   * @throws {RegistrationError} for a name that is taken, or is none
   */
  check(name: string): void {
    const [pattern, words] = this.pattern;
    if (typeof name !== "string" || !pattern.test(name)) {
      throw new RegistrationError(
        `${this.call}: the name of the ${this.what} has to be ${words}; got ${
          JSON.stringify(name) ?? name
        }`,
      );
    }
    const there = this.#entries.get(name);
    if (!there) return;
    const whose = there.module === null ? "the package's own" : `that of ${there.module}`;
    throw new RegistrationError(
      `${this.call}: the ${this.what} ${name} is there already, ${whose}; choose another name`,
    );
  }

  /**
   * Takes a thing in.
   *
   * @throws {RegistrationError} as {@linkcode Registry.check} does
   */
  add(name: string, entry: T): void {
    this.check(name);
    this.#entries.set(name, { entry, module: registeringModule() });
    rememberRegistration(`${this.what} ${name}`);
  }
}
