import { type Command, Option } from "@commander-js/extra-typings";
import { typedPath } from "../../config/typed_path.ts";
import type { ClassOrder } from "../eval/eval_report.ts";
import { deviceOption, noTuneOption, tuneOption } from "../options/device_options.ts";
import { helpText } from "../options/help_text.ts";
import { count } from "../options/numbers.ts";
import { oneFile, takeFile } from "../options/typed_file.ts";
import type { Exit } from "./exit.ts";

const ORDERS: readonly ClassOrder[] = ["worst", "label"];

const EXAMPLES = `
The checkpoint holds a model alone, or a whole run, of which the student is taken. Checkpoints that were made here
know their model and data set, so --model and --dataset can be left out. "-c pretrain" takes the weights that a data set's
teachers are loaded from, such as checkpoints/<data set>/<model>.safetensors or .pth. KEY VALUE pairs win over --cfg.

Examples:
  deno task eval -c checkpoints/fashion_mnist/resnet20.safetensors
  deno task eval -m resnet8 -c output/fashion_mnist/vanilla_resnet8/best -bs 200
  deno task eval -m resnet20 -c pretrain -d fashion_mnist --per-class
  deno task eval -m ResNet18 -c resnet18.pth -d imagenet -bs 128 DATASET.ROOT /data/imagenet`;

/** mdistiller's word for the weights that come with a model. */
const PRETRAIN = "pretrain";

/** Adds the `eval` command. */
export function addEval(program: Command, exit: Exit): void {
  program.command("eval")
    .description("measure a checkpoint on the test images")
    .option(
      "-c, --ckpt <file>",
      "checkpoint (torch or safetensors), also without -c, or pretrain for the model's usual place; default pretrain",
      typedCheckpoint,
    )
    .option(
      "-m, --model <name>",
      "architecture, such as resnet8; default: what the checkpoint says",
    )
    .option("-d, --dataset <name>", "data set; default: the configuration's, or cifar100")
    .option("-b, --batch-size <n>", "images in a batch (also -bs); default 100", count)
    .option(
      "--cfg <file>",
      "configuration whose DATASET section says what is evaluated; default: the checkpoint's",
      typedPath,
    )
    .addOption(
      new Option("--per-class [order]", "report every class, worst first or by label")
        .choices(ORDERS).preset("worst"),
    )
    .option("--json", "print JSON")
    .addOption(deviceOption())
    .addOption(tuneOption())
    .addOption(noTuneOption())
    .argument("[overrides...]", "KEY VALUE pairs such as DATASET.ROOT /data/imagenet")
    .addHelpText("after", helpText(EXAMPLES))
    .action(async (words, flags) => {
      const { overrides, ...typed } = takeFile(words, "ckpt");
      const cfg = oneFile("--cfg", flags.cfg, typed.cfg && typedPath(typed.cfg));
      const ckpt = oneFile("--ckpt", flags.ckpt, typed.ckpt && typedCheckpoint(typed.ckpt));
      const { evaluate } = await import("../eval/eval.ts");
      exit(await evaluate({ ...flags, cfg, ckpt: ckpt ?? PRETRAIN }, overrides));
    });
}

function typedCheckpoint(word: string): string {
  return word === PRETRAIN ? word : typedPath(word);
}
