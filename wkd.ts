/**
 * The command `wkd`, which `deno task install` installs: what `deno task` does in the project's folder, from any folder.
 * Paths that are typed count from where they are typed, those in files and the usual places from the project's folder.
 *
 * @module
 */

import { start } from "./src/cli/main.ts";
import { setProgram } from "./src/config/program.ts";

setProgram("wkd");
if (import.meta.dirname) {
  Deno.env.set("INIT_CWD", Deno.cwd());
  Deno.chdir(import.meta.dirname);
}
Deno.exit(await start(Deno.args));
