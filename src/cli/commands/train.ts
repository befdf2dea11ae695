import type { Command } from "@commander-js/extra-typings";
import { asTyped, typedPath } from "../../config/typed_path.ts";
import { UserError } from "../../errors.ts";
import { deviceOption, noTuneOption, tuneOption } from "../options/device_options.ts";
import { helpText } from "../options/help_text.ts";
import { liveOption } from "../options/live_option.ts";
import { oneFile, takeFile } from "../options/typed_file.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
KEY VALUE pairs win over the file, which may be left out. Without --resume or --overwrite a run that is already there is left alone.
Ctrl-C saves the run after the step under way and prints how to go on; Ctrl-C again ends at once.

Examples:
  deno task train --cfg configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml
  deno task train --cfg configs/fashion_mnist/vanilla/resnet8.yaml SOLVER.EPOCHS 2 EXPERIMENT.NAME short
  deno task train --cfg configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml --resume
  deno task train --cfg configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml --resume best
  deno task train --cfg examples/stripes.yaml --import examples/all.ts
  deno task train DATASET.TYPE image_folder DATASET.ROOT pictures DATASET.VALIDATION 0.1 DISTILLER.STUDENT resnet20`;

const EXAMPLE = "configs/fashion_mnist/vanilla/resnet8.yaml";

/** Adds the `train` command. */
export function addTrain(program: Command, exit: Exit): void {
  program.command("train")
    .description("train a student as a configuration says")
    .option("-c, --cfg <file>", "configuration (YAML); also without --cfg", typedPath)
    .option(
      "--resume [from]",
      "go on with a run that was stopped: from its latest, or from best, epoch_2, or another file",
    )
    .option(
      "--init <file>",
      "weights that the student starts from, such as torchvision's or a student_best",
    )
    .option("--overwrite", "start again where a run already is")
    .option("--profile", "at the end, print the time by kernel of one step")
    .addOption(liveOption())
    .addOption(deviceOption())
    .addOption(tuneOption())
    .addOption(noTuneOption())
    .argument("[overrides...]", "KEY VALUE pairs such as SOLVER.LR 0.1")
    .addHelpText("after", helpText(EXAMPLES))
    .action(async (words, flags) => {
      const { overrides, ...typed } = takeFile(words, "cfg");
      const cfg = oneFile("--cfg", flags.cfg, typed.cfg && typedPath(typed.cfg)) ?? null;
      if (cfg === null && overrides.length === 0) {
        throw new UserError(
          `train wants a configuration: --cfg FILE, such as --cfg ${
            asTyped(EXAMPLE)
          }, or settings as pairs KEY VALUE, such as DATASET.TYPE fashion_mnist`,
        );
      }
      const { train } = await import("../train.ts");
      exit(await train({ ...flags, cfg }, overrides));
    });
}
