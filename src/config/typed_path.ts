import { isAbsolute, join, relative, resolve } from "node:path";
import { environment } from "../formats/environment.ts";
import { shown } from "../formats/visible.ts";
import { ConfigError } from "./config.ts";

/** The project's folder, which `deno task` runs in; null where its files come from a server. */
const PROJECT = import.meta.dirname ? resolve(import.meta.dirname, "../..") : null;

/**
 * Where the command was typed, if that is not where it runs: `deno task` goes to the project's folder and leaves that of the
 * caller in INIT_CWD. Other programs set that variable too, so that it counts in the project's folder alone.
 */
function typedFolder(): string | null {
  const folder = environment("INIT_CWD");
  if (folder === undefined || !isAbsolute(folder)) return null;
  const here = Deno.cwd();
  return here === PROJECT && resolve(folder) !== here ? resolve(folder) : null;
}

/**
 * A path with the home folder for a `~` in front, as a shell writes it.
 *
 * @throws {ConfigError} for somebody else's home (`~name`), or where the environment does not say where the home is
 */
export function homePath(path: string): string {
  if (!path.startsWith("~")) return path;
  const rest = path.slice(1);
  if (rest !== "" && !/^[/\\]/.test(rest)) {
    const name = shown(path);
    throw new ConfigError(
      `${name}: only the own home folder is written as ~; write the whole path, or ./${name} for a folder of that name`,
    );
  }
  return rest === "" ? home() : join(home(), rest);
}

function home(): string {
  for (const variable of ["HOME", "USERPROFILE"]) {
    try {
      const folder = Deno.env.get(variable);
      if (folder) return folder;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) throw error;
      throw new ConfigError(
        `~ is the home folder, and Deno may not read where that is; add --allow-env=${variable} or write the whole path`,
      );
    }
  }
  throw new ConfigError("~ is the home folder, but HOME is not set; write the whole path");
}

/**
 * A path of the command line as the program opens it: relative to where it was typed, which is another folder than the
 * program's where `deno task` was typed below the project's folder. Paths in files stay relative to the program's.
 *
 * @throws {ConfigError} as `homePath()` does
 */
export function typedPath(path: string): string {
  const whole = homePath(path);
  const folder = typedFolder();
  if (folder === null || whole === "" || isAbsolute(whole)) return whole;
  const target = resolve(folder, whole);
  const below = relative(Deno.cwd(), target);
  return below.startsWith("..") ? target : below || ".";
}

/** A path of the program's as it would be typed where the command was: for commands that are printed. */
export function asTyped(path: string): string {
  const folder = typedFolder();
  if (folder === null || path === "" || isAbsolute(path)) return path;
  return relative(folder, resolve(path)) || ".";
}
