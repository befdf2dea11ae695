import type { Command } from "@commander-js/extra-typings";
import { deviceOption } from "./device_option.ts";
import { count } from "./count.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
WKD-L moves probability between classes, and this matrix says what that costs: 1 - CKA of the teacher's pooled last
features of every two classes, over the first training images of each, not augmented.

Examples:
  deno task cost-matrix --cfg configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml
  deno task cost-matrix --teacher resnet20 --ckpt checkpoints/fashion_mnist/resnet20.safetensors`;

/** Adds the `cost-matrix` command. */
export function addCostMatrix(program: Command, exit: Exit): void {
  program.command("cost-matrix")
    .description("make WKD-L's cost matrix from a teacher's features")
    .option("--teacher <name>", "architecture; default: the configuration's or the checkpoint's")
    .option("--ckpt <file>", "the teacher's checkpoint; default: the usual place")
    .option("--cfg <file>", "configuration that names teacher, checkpoint and data set")
    .option("--dataset <name>", "data set; default: the configuration's, or fashion_mnist")
    .option("--samples <n>", "training images of each class", count, 500)
    .option("--out <file>", "default: wkd_cost_matrix/<dataset>/<teacher>/linear_cka.safetensors")
    .option("--overwrite", "replace the file if it is there")
    .addOption(deviceOption())
    .addHelpText("after", EXAMPLES)
    .action(async (flags) => {
      const { costMatrix } = await import("../cost_matrix.ts");
      exit(await costMatrix(flags));
    });
}
