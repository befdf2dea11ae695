import type { Command } from "@commander-js/extra-typings";
import { deviceOption } from "./device_option.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
KEY VALUE pairs win over the file. Without --resume or --overwrite a run that is already there is left alone.
Ctrl-C saves the run after the step under way and prints how to go on; Ctrl-C again ends at once.

Examples:
  deno task train --cfg configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml
  deno task train --cfg configs/fashion_mnist/vanilla/resnet8.yaml SOLVER.EPOCHS 2 EXPERIMENT.NAME short
  deno task train --cfg configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml --resume`;

/** Adds the `train` command. */
export function addTrain(program: Command, exit: Exit): void {
  program.command("train")
    .description("train a student as a configuration says")
    .requiredOption("--cfg <file>", "configuration (YAML)")
    .option("--resume", "go on with a run that was stopped")
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
