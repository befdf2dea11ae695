import type { Command } from "@commander-js/extra-typings";
import { typedPath } from "../../config/typed_path.ts";
import { helpText } from "../options/help_text.ts";
import { port } from "../options/numbers.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
Only browsers on this machine see it: it listens on 127.0.0.1, where browsers allow WebGPU and the camera, too.

Examples:
  deno task serve page
  deno task serve page --port 9000`;

/** Adds the `serve` command. */
export function addServe(program: Command, exit: Exit): void {
  program.command("serve")
    .description("show an exported page on this machine")
    .argument("<folder>", "what export --to web has written", typedPath)
    .option("--port <n>", "default: the first free one from 8000 on", port)
    .addHelpText("after", helpText(EXAMPLES))
    .action(async (folder, flags) => {
      const { serve } = await import("../pages/serve.ts");
      exit(await serve(folder, flags.port));
    });
}
