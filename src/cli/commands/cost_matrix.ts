import { type Command, Option } from "@commander-js/extra-typings";
import { typedPath } from "../../config/typed_path.ts";
import { deviceOption } from "../options/device_options.ts";
import { helpText } from "../options/help_text.ts";
import { count, positive } from "../options/numbers.ts";
import { oneFile, takeFile } from "../options/typed_file.ts";
import type { Exit } from "./exit.ts";

const SOURCES = ["features", "pooled", "logits"] as const;
const SIMILARITIES = ["linear_cka", "poly_cka", "rbf_cka", "cosine"] as const;

const EXAMPLES = `
WKD-L moves probability between classes, and this matrix says what that costs: one minus how alike two classes are for the
teacher, by the centred kernel alignment (CKA) of what it makes of the first training images of each, not augmented, or by the
cosine of the rows of its classifier. --source says what of the teacher is compared: features is every pixel of the last feature map, as
in the authors' code, pooled that map averaged over space, which is much smaller, and logits its output. poly_cka is with the kernel <x, y>^degree, rbf_cka with
exp(-|x - y|^2 / (2 bandwidth^2 median)), the median being that of the squared distances in a class.

With --cfg the file is made that the configuration names (WKD.COST_MATRIX_PATH), in the way that WKD.COST_MATRIX_SOURCE and
WKD.COST_MATRIX_SIMILARITY say. Of ImageNet logits are compared unless something else is asked for, as the authors do.
KEY VALUE pairs win over --cfg.

Examples:
  deno task cost-matrix --cfg configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml
  deno task cost-matrix --teacher resnet20 --ckpt checkpoints/fashion_mnist/resnet20.safetensors
  deno task cost-matrix --cfg configs/imagenet/r34_r18/wkd_l.yaml DATASET.ROOT /data/imagenet`;

/** Adds the `cost-matrix` command. */
export function addCostMatrix(program: Command, exit: Exit): void {
  program.command("cost-matrix")
    .description("make WKD-L's cost matrix from a teacher's features")
    .option("--teacher <name>", "architecture; default: the configuration's or the checkpoint's")
    .option(
      "--ckpt <file>",
      "the teacher's checkpoint, also without --ckpt; default: the usual place",
      typedPath,
    )
    .option(
      "--cfg <file>",
      "configuration that names teacher, checkpoint and data set; default: the checkpoint's",
      typedPath,
    )
    .option("--dataset <name>", "data set; default: the configuration's, or cifar100")
    .addOption(
      new Option(
        "--source <what>",
        "what CKA compares; default: the configuration's, or features for linear_cka, else pooled",
      )
        .choices(SOURCES),
    )
    .addOption(
      new Option(
        "--similarity <how>",
        "how classes are compared; default: the configuration's, or linear_cka",
      ).choices(SIMILARITIES),
    )
    .option("--degree <n>", "of poly_cka; default 3", count)
    .option("--bandwidth <b>", "of rbf_cka; default 1", positive)
    .option(
      "--samples <n>",
      "training images of each class; default: as many as the smallest has, at most 1000",
      count,
    )
    .option(
      "--out <file>",
      ".safetensors or .pth; default: the configuration's WKD.COST_MATRIX_PATH, or " +
        "wkd_cost_matrix/<dataset>/<teacher>/<name>.safetensors",
      typedPath,
    )
    .option("--overwrite", "replace the file if it is there")
    .addOption(deviceOption())
    .argument("[overrides...]", "KEY VALUE pairs such as DATASET.ROOT /data/imagenet")
    .addHelpText("after", helpText(EXAMPLES))
    .action(async (words, flags) => {
      const { overrides, ...typed } = takeFile(words, "ckpt");
      const cfg = oneFile("--cfg", flags.cfg, typed.cfg && typedPath(typed.cfg));
      const ckpt = oneFile("--ckpt", flags.ckpt, typed.ckpt && typedPath(typed.ckpt));
      const { costMatrix } = await import("../cost_matrix/cost_matrix.ts");
      exit(await costMatrix({ ...flags, cfg, ckpt }, overrides));
    });
}
