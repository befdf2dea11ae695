// The command line in a process that kills itself: killed_cli.ts NAME COUNT WORDS... dies when it has renamed a file to
// NAME for the COUNTth time, as at a power cut there.
import { basename } from "@std/path";
import { main } from "../../src/cli/main.ts";

const [name, count, ...words] = Deno.args;
let left = Number(count);
const { renameSync } = Deno;
Deno.renameSync = (from, to) => {
  renameSync(from, to);
  if (basename(String(to)) === name && --left === 0) Deno.kill(Deno.pid, "SIGKILL");
};
Deno.exit(await main(words));
