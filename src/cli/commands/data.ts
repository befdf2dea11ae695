import { type Command, Option } from "@commander-js/extra-typings";
import { typedPath } from "../../config/typed_path.ts";
import { helpText } from "../options/help_text.ts";
import { count } from "../options/numbers.ts";
import { oneFile, takeFile } from "../options/typed_file.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
Examples:
  deno task data download cifar100
  deno task data download cifar10 --root /data
  deno task data bench --cfg configs/imagenet/r34_r18/vanilla.yaml DATASET.ROOT /data/imagenet`;

/** Adds the `data` command. */
export function addData(program: Command, exit: Exit): void {
  const data = program.command("data")
    .description("fetch a data set, or measure how fast one is loaded")
    .addHelpText("after", helpText(EXAMPLES));
  data.command("download")
    .description("fetch CIFAR-10 or CIFAR-100; a download that was stopped goes on where it was")
    .argument("<dataset>", "cifar10 or cifar100")
    .addOption(
      new Option("--root <folder>", "folder for the archive").argParser(typedPath).default("data"),
    )
    .option("--url <url>", "a mirror of the published archive")
    .action(async (dataset, flags) => {
      const { downloadData } = await import("../data.ts");
      exit(await downloadData(dataset, flags));
    });
  data.command("bench")
    .description("print how many images a second the loader alone makes")
    .option("-c, --cfg <file>", "configuration (YAML); also without --cfg", typedPath)
    .option("--batches <n>", "batches to measure after the first ones; default 50", count)
    .argument("[overrides...]", "KEY VALUE pairs such as DATASET.NUM_WORKERS 8")
    .action(async (words, flags) => {
      const { overrides, ...typed } = takeFile(words, "cfg");
      const cfg = oneFile("--cfg", flags.cfg, typed.cfg && typedPath(typed.cfg));
      const { benchData } = await import("../data.ts");
      exit(await benchData({ ...flags, cfg }, overrides));
    });
}
