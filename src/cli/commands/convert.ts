import { type Command, Option } from "@commander-js/extra-typings";
import { typedPath } from "../../config/typed_path.ts";
import { helpText } from "../options/help_text.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
The second name's extension says the format: .safetensors, or .pth, .pt or none for torch. Of a training run's
checkpoint the student is taken; the optimiser's state and the like are left out, and named.

Examples:
  deno task convert ckpt_epoch_240.pth checkpoints/cifar100/resnet32x4.safetensors
  deno task convert checkpoints/fashion_mnist/resnet20.safetensors resnet20.pth --dtype float16`;

/** Adds the `convert` command. */
export function addConvert(program: Command, exit: Exit): void {
  program.command("convert")
    .description("write a checkpoint or a cost matrix in another format")
    .argument("<from>", "a checkpoint of any format", typedPath)
    .argument("<to>", "the file to write", typedPath)
    .addOption(
      new Option("--dtype <name>", "precision of the numbers; default: as they are")
        .choices(["float32", "float16", "bfloat16"] as const),
    )
    .option(
      "--entry <name>",
      "what lies before the names of the tensors to take, such as model_ema; default: the likeliest",
    )
    .option("--overwrite", "replace the file if it is there")
    .addHelpText("after", helpText(EXAMPLES))
    .action(async (from, to, flags) => {
      const { convert } = await import("../checkpoints/convert.ts");
      exit(convert(from, to, flags));
    });
}
