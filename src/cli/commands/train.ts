import type { Command } from "@commander-js/extra-typings";
import { deviceOption } from "./device_option.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
KEY VALUE pairs win over the file. Without --resume or --overwrite a run that is already there is left alone.
Ctrl-C saves the run after the step under way and prints how to go on; Ctrl-C again ends at once.

Examples:
  deno task train --cfg configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml
  deno task train --cfg configs/fashion_mnist/vanilla/resnet8.yaml SOLVER.EPOCHS 2 EXPERIMENT.NAME short
  deno task train --cfg configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml --resume
  deno task train --cfg configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml --resume best`;

/** Adds the `train` command. */
export function addTrain(program: Command, exit: Exit): void {
  program.command("train")
    .description("train a student as a configuration says")
    .requiredOption("--cfg <file>", "configuration (YAML)")
    .option(
      "--resume [from]",
      "go on with a run that was stopped: from its latest, or from best, epoch_2, or another file",
    )
    .option("--overwrite", "start again where a run already is")
    .option("--profile", "at the end, print the time by kernel of one step")
    .addOption(deviceOption())
    .argument("[overrides...]", "KEY VALUE pairs such as SOLVER.LR 0.1")
    .addHelpText("after", EXAMPLES)
    .action(async (overrides, flags) => {
      const { train } = await import("../train.ts");
      exit(await train(flags, overrides));
    });
}

/**
 * Keeps `train --resume`, whose value may be left out, from taking the first of the KEY VALUE pairs behind it for one.
 *
 * @param words the command line
 */
export function resumeWords(words: readonly string[]): string[] {
  if (words[0] !== "train") return [...words];
  return words.map((word, i) => {
    const next = words[i + 1];
    return word === "--resume" && next !== undefined && !isFrom(next) ? "--resume=" : word;
  });
}

/** Whether a word says where to go on: a checkpoint or a path, where keys are as SOLVER.LR and values as 0.1. */
function isFrom(word: string): boolean {
  if (/[\\/]|\.(safetensors|pth|pt)$/.test(word)) return true;
  return /^[a-z]/i.test(word) && !word.includes(".") && !/^[A-Z][A-Z0-9_]*$/.test(word);
}
