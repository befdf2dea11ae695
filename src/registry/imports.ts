/** Modules of the user's that were imported, and those that a configuration remembers. */

/** The module that is being imported; what is registered meanwhile is its. */
let module: string | null = null;
const registrations = new Map<string, string[]>();
let imported: readonly string[] = [];
let remembered: readonly RememberedImport[] = [];

/** A module that a configuration was made with. */
interface RememberedImport {
  /** As the configuration has it. */
  readonly path: string;
  /** As it would be typed now. */
  readonly typed: string;
}

/** The module that is being imported, or null where the package itself registers. */
export function registeringModule(): string | null {
  return module;
}

/** Notes what the module that is being imported registered. */
export function rememberRegistration(what: string): void {
  if (module !== null) registrations.get(module)!.push(what);
}

/**
 * Imports a module and says what it registered, also where it was imported before and so does nothing now.
 *
 * @param path names the module in errors
 * @param load imports it
 */
export async function registrationsOf(
  path: string,
  load: () => Promise<unknown>,
): Promise<readonly string[]> {
  module = path;
  if (!registrations.has(path)) registrations.set(path, []);
  try {
    await load();
  } finally {
    module = null;
  }
  return registrations.get(path)!;
}

/** The modules that this command imports, as its configuration is to remember them. */
export function importedModules(): readonly string[] {
  return imported;
}

/** Says which modules a command imports; what an earlier one remembered is forgotten. */
export function setImportedModules(paths: readonly string[]): void {
  imported = paths;
  remembered = [];
}

/** Says which modules the configuration at hand was made with. */
export function setRememberedImports(modules: readonly RememberedImport[]): void {
  remembered = modules;
}

/**
 * What to add where a name is not known that a module may have registered, as the end of a sentence; empty where the
 * configuration was made without any that is missing.
 */
export function importHint(): string {
  const missing = remembered.filter(({ path }) => !imported.includes(path));
  if (missing.length === 0) return "";
  const words = missing.map(({ typed }) => `--import ${typed}`).join(" ");
  return `; the configuration was made with ${words}: add ${words}`;
}
