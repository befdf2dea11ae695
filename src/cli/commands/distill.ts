import { type Command, Option } from "@commander-js/extra-typings";
import { typedPath } from "../../config/typed_path.ts";
import { deviceOption, noTuneOption, tuneOption } from "../options/device_options.ts";
import { helpText } from "../options/help_text.ts";
import { liveOption } from "../options/live_option.ts";
import { count, seed, share, side } from "../options/numbers.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
PICTURES is a folder with a folder of pictures for each class, PICTURES/<class>/*,
or with those in train/ and val/ (or test/): PICTURES/{train,val}/<class>/*. Where
nothing is held out, a share of each class is. Instead it may be the name of a
data set, such as cifar10.

A teacher is trained first, unless --teacher names a file. Then the student learns
from it. What is not said is chosen by what is there, and told with the reason.
All lies in one folder, output/distill/NAME; the same command goes on there after
Ctrl-C or a crash. KEY VALUE pairs change all runs.

Examples:
  deno task distill pictures
  deno task distill pictures --student MobileNetV2 --epochs 30 --name small
  deno task distill pictures --teacher resnet56 --compare
  deno task distill pictures --teacher my_resnet.pth --size 64
  deno task distill pictures --teacher mine --import mine.ts --method kd
  deno task distill cifar10 --method wkd_l DATASET.ROOT data/cifar10`;

/** Adds the `distill` command. */
export function addDistill(program: Command, exit: Exit): void {
  program.command("distill")
    .alias("distil")
    .description("teach a small model to tell your pictures apart, from pictures to student")
    .argument("<pictures>", "folder of pictures, or name of a data set")
    .argument("[overrides...]", "KEY VALUE pairs such as SOLVER.LR 0.1")
    .option("--teacher <model>", "file of a trained teacher, or the model to train as one")
    .option(
      "--teacher-init <file>",
      "weights, of any classes, to train the teacher from",
      typedPath,
    )
    .option("--student <name>", "the model to teach")
    .option("--method <name>", "wkd_l_f, wkd_l, wkd_f, or another distiller such as kd", "wkd_l_f")
    .option("--epochs <n>", "passes over the pictures for each model", count)
    .option("--size <pixels>", "rows and columns of a picture that the models see", side)
    .option("--batch-size <n>", "pictures in a training batch", count)
    .addOption(
      new Option("--validation <share>", "part of each class to hold out, where nothing is")
        .argParser(share).default(0.1),
    )
    .option("--compare", "also train the student alone, and with KD")
    .option("--name <name>", "name of the folder; default: that of PICTURES")
    .option("--seed <n>", "of everything that is random", seed, 0)
    .option("--overwrite", "start again where there is one of that name")
    .addOption(liveOption())
    .addOption(deviceOption())
    .addOption(tuneOption())
    .addOption(noTuneOption())
    .addHelpText("after", helpText(EXAMPLES))
    .action(async (pictures, overrides, flags) => {
      const { distill } = await import("../distill/distill.ts");
      const isPath = /[/\\]/.test(pictures) || pictures.startsWith("~");
      exit(await distill(isPath ? typedPath(pictures) : pictures, flags, overrides));
    });
}
