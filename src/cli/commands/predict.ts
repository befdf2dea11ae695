import type { Command } from "@commander-js/extra-typings";
import { typedPath } from "../../config/typed_path.ts";
import { addCardOptions } from "../options/card_options.ts";
import { deviceOption, noTuneOption, tuneOption } from "../options/device_options.ts";
import { helpText } from "../options/help_text.ts";
import { count, threads } from "../options/numbers.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
A picture is a file, a folder (with all pictures in it and below), a pattern in
quotes such as 'photos/**/*.jpg', or -, which is standard input: one picture, or
a list of pictures, one a line. Pictures are JPEG, PNG, WebP, TIFF, BMP, GIF or PPM.

Checkpoints that were made here know their classes and how pictures are prepared:
as in the evaluation. Of a run's folder the student's best is taken. A model for
small images such as CIFAR's sees pictures of another size scaled: their shorter
side becomes its size, and the centre is cut out. A model for grey images sees
colours as Pillow's L. Of other checkpoints -m, -d, --cfg, --classes, --size,
--mean and --std say what they do not.

A picture that cannot be read is named, the rest goes on, and the exit status is 1.

Examples:
  deno task predict -c output/cifar100/vanilla_resnet8x4 photo.jpg
  deno task predict -c student_best holiday/ --top 1
  deno task predict -c resnet18.pth --classes imagenet.txt 'photos/*.jpg' --json
  find . -name '*.png' | deno task predict -c student_best - --csv found.csv`;

/** Adds the `predict` command. */
export function addPredict(program: Command, exit: Exit): void {
  addCardOptions(
    program.command("predict")
      .description("say what is on pictures, with a run's student or a checkpoint")
      .requiredOption(
        "-c, --ckpt <path>",
        "a run's folder, or a checkpoint (torch or safetensors)",
        typedPath,
      )
      .option("--top <n>", "classes that are told of a picture; default 5", count)
      .option("--json", "print JSON")
      .option("--csv <file>", "write a table of comma-separated values instead", typedPath)
      .option("--overwrite", "replace that file if it is there"),
  )
    .option("-b, --batch-size <n>", "pictures in a batch (also -bs); default 100", count)
    .option("--workers <n>", "threads that decode; 0: none; default: the cores, up to 8", threads)
    .addOption(deviceOption())
    .addOption(tuneOption())
    .addOption(noTuneOption())
    .argument("<pictures...>", "files, folders, patterns, or - for standard input")
    .addHelpText("after", helpText(EXAMPLES))
    .action(async (pictures, flags) => {
      const { predict } = await import("../predict/predict.ts");
      const words = pictures.map((word) => word === "-" ? word : typedPath(word));
      exit(await predict(words, flags));
    });
}
