import { type Command, Option } from "@commander-js/extra-typings";
import { typedPath } from "../../config/typed_path.ts";

/** Commands that know models, distillers or data sets by their names. */
const TAKE_IT: ReadonlySet<string> = new Set([
  ...["train", "distill", "eval", "predict", "export", "cost-matrix", "results", "config"],
  ...["convert", "inspect", "models", "bench"],
]);

/** Adds `--import` to a command that needs it; its modules run before the command does. */
export function addImport(command: Command): void {
  if (!TAKE_IT.has(command.name())) return;
  const option = new Option(
    "--import <file>",
    "run a TypeScript module that registers a model, distiller, data set, optimiser or schedule of yours; may be repeated",
  );
  command.addOption(
    option.argParser((file, files: string[] = []) => [...files, typedPath(file)]),
  );
  command.hook("preAction", async () => {
    const { import: files = [] } = command.opts() as { import?: string[] };
    const { importModules } = await import("./import_modules.ts");
    await importModules(files);
  });
}
