// The command line in a process to which something happens as soon as it has renamed a file to NAME for the COUNTth time:
//   hurt_cli.ts kill FOLDER NAME COUNT WORDS...    it dies, as at a power cut
//   hurt_cli.ts remove FOLDER NAME COUNT WORDS...  the folder is removed
import { basename } from "@std/path";
import { main } from "../../../src/cli/main.ts";

const [what, folder, name, count, ...words] = Deno.args;
let left = Number(count);
const { renameSync } = Deno;
Deno.renameSync = (from, to) => {
  renameSync(from, to);
  if (basename(String(to)) !== name || --left !== 0) return;
  if (what === "kill") Deno.kill(Deno.pid, "SIGKILL");
  else Deno.removeSync(folder, { recursive: true });
};
Deno.exit(await main(words));
