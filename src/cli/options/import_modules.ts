import { stripVTControlCharacters } from "node:util";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ImportError, UserError } from "../../errors.ts";
import { asTyped } from "../../config/typed_path.ts";
// Its names have to be known before a module takes others.
import "../../data/registry.ts";
import "../../distill/registry.ts";
import "../../optim/registry.ts";
import { importedModules, registrationsOf, setImportedModules } from "../../registry/imports.ts";
import { RegistrationError } from "../../registry/registry.ts";

/**
 * Runs the modules that the command line names, which register what they have.
 *
 * @param files as the program opens them
 * @throws {UserError} where one is not there, cannot be loaded, or registers nothing or a name that is taken
 * @throws {ImportError} where its own code throws
 */
export async function importModules(files: readonly string[]): Promise<void> {
  setImportedModules([...new Set(files)]);
  for (const file of importedModules()) await importModule(file);
}

/** The words that import the same modules in another command. */
export function importWords(): string[] {
  return importedModules().flatMap((file) => ["--import", asTyped(file)]);
}

async function importModule(file: string): Promise<void> {
  const typed = asTyped(file);
  checkFile(file, typed);
  let names: readonly string[];
  try {
    names = await registrationsOf(typed, () => import(pathToFileURL(resolve(file)).href));
  } catch (error) {
    throw failure(typed, error);
  }
  if (names.length > 0) return;
  const mod = new URL("../../../mod.ts", import.meta.url);
  const place = mod.protocol === "file:" ? fileURLToPath(mod) : mod.href;
  throw new UserError(
    `--import ${typed} registers nothing: it has to call registerDistiller, registerModel, registerDataset, registerOptimizer or registerSchedule of ${place}`,
  );
}

function checkFile(file: string, typed: string): void {
  let isFile: boolean;
  try {
    isFile = Deno.statSync(file).isFile;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UserError(`--import ${typed}: there is no such file; name a TypeScript module`);
  }
  if (!isFile) throw new UserError(`--import ${typed} is no file; name a TypeScript module`);
}

function failure(typed: string, error: unknown): Error {
  if (!(error instanceof Error)) {
    return new UserError(`--import ${typed} threw ${JSON.stringify(error) ?? String(error)}`);
  }
  if (error instanceof RegistrationError) {
    return new UserError(`--import ${typed}: ${error.message}`);
  }
  // What the loader says, in colours, of a text that is no module: its first line, and where that is.
  const [, reason = null, place] = /^(.*?)\n[\s\S]*^\s+at (\S+)$/m.exec(
    stripVTControlCharacters(error.message),
  ) ?? [];
  if (reason !== null) {
    return new UserError(`--import ${typed} cannot be loaded: ${reason} at ${place}`);
  }
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const ours = frames.findIndex((line) => line.includes(registrationsOf.name));
  const own = ours < 0 ? frames : frames.slice(0, ours);
  if (own.length === 0) {
    return new UserError(`--import ${typed} cannot be loaded: ${error.message}`);
  }
  const message = `--import ${typed} threw ${error.name}: ${error.message}`;
  return new ImportError(message, own.join("\n"));
}
