import type { Command } from "@commander-js/extra-typings";
import { deviceOption } from "./device_option.ts";
import { count } from "./count.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
The checkpoint holds a model alone, or a whole run, of which the student is taken. Checkpoints that were made here
know their model, so --model can be left out.

Examples:
  deno task eval -c checkpoints/fashion_mnist/resnet20.safetensors
  deno task eval -m resnet8 -c output/fashion_mnist/vanilla_resnet8/best.safetensors -bs 200`;

/** Adds the `eval` command. */
export function addEval(program: Command, exit: Exit): void {
  program.command("eval")
    .description("measure a checkpoint on the test images")
    .requiredOption("-c, --ckpt <file>", "checkpoint (safetensors)")
    .option(
      "-m, --model <name>",
      "architecture, such as resnet8; default: what the checkpoint says",
    )
    .option("-d, --dataset <name>", "data set; default: the configuration's, or fashion_mnist")
    .option("-b, --batch-size <n>", "images in a batch (also -bs); default 100", count)
    .option("--cfg <file>", "configuration whose DATASET section says what is evaluated")
    .addOption(deviceOption())
    .addHelpText("after", EXAMPLES)
    .action(async (flags) => {
      const { evaluate } = await import("../eval.ts");
      exit(await evaluate(flags));
    });
}
