import { stripVTControlCharacters } from "node:util";
import { fromFileUrl, resolve, toFileUrl } from "@std/path";
import { asTyped } from "../config/typed_path.ts";
// Its names have to be known before a module takes others.
import "../data/registry.ts";
import "../distill/registry.ts";
import { importedModules, registrationsOf, setImportedModules } from "../registry/imports.ts";
import { RegistrationError } from "../registry/registry.ts";
import { CliError, ImportError } from "./cli_error.ts";

/**
 * Runs the modules that the command line names, which register what they have.
 *
 * @param files as the program opens them
 * @throws {CliError} where one is not there, cannot be loaded, or registers nothing or a name that is taken
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
    names = await registrationsOf(typed, () => import(toFileUrl(resolve(file)).href));
  } catch (error) {
    throw failure(typed, error);
  }
  if (names.length > 0) return;
  const mod = new URL("../../mod.ts", import.meta.url);
  const place = mod.protocol === "file:" ? fromFileUrl(mod) : mod.href;
  throw new CliError(
    `--import ${typed} registers nothing: it has to call registerDistiller, registerModel or registerDataset of ${place}`,
  );
}

function checkFile(file: string, typed: string): void {
  let isFile: boolean;
  try {
    isFile = Deno.statSync(file).isFile;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new CliError(`--import ${typed}: there is no such file; name a TypeScript module`);
  }
  if (!isFile) throw new CliError(`--import ${typed} is no file; name a TypeScript module`);
}

function failure(typed: string, error: unknown): Error {
  if (!(error instanceof Error)) {
    return new CliError(`--import ${typed} threw ${JSON.stringify(error) ?? String(error)}`);
  }
  if (error instanceof RegistrationError) {
    return new CliError(`--import ${typed}: ${error.message}`);
  }
  // What the loader says, in colours, of a text that is no module: its first line, and where that is.
  const [, reason = null, place] = /^(.*?)\n[\s\S]*^\s+at (\S+)$/m.exec(
    stripVTControlCharacters(error.message),
  ) ?? [];
  if (reason !== null) {
    return new CliError(`--import ${typed} cannot be loaded: ${reason} at ${place}`);
  }
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const ours = frames.findIndex((line) => line.includes(registrationsOf.name));
  const own = ours < 0 ? frames : frames.slice(0, ours);
  if (own.length === 0) {
    return new CliError(`--import ${typed} cannot be loaded: ${error.message}`);
  }
  const message = `--import ${typed} threw ${error.name}: ${error.message}`;
  return new ImportError(message, own.join("\n"));
}
