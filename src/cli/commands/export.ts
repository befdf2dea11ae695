import { type Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { addCardOptions } from "../options/card_options.ts";
import { deviceOption } from "../options/device_options.ts";
import { helpText } from "../options/help_text.ts";
import type { Exit } from "./exit.ts";

const EXAMPLES = `
The checkpoint is a run's folder, of which the student's best is taken, or a
file, of this program or of another. Checkpoints that were made here know their
classes and images; of others -d, --cfg, --classes, --size, --mean and --std say
what they do not.

ONNX (opset 17): the input is "images", float32 [N, C, H, W], normalised as the
file's metadata say, or with --preprocess "pixels", uint8 [N, H, W, C] of that
height and width; the output is "logits", [N, classes]. Weights have their names
in the checkpoint. The metadata are "model", "classes" and "preprocessing" (the
last two as JSON), and "input".

A page: a folder for any web server, which needs WebGPU in the browser and no
other server. index.html asks the student about pictures and the camera,
train.html trains it from its teacher on the visitor's pictures; nothing leaves
the browser.

Examples:
  deno task export -c output/fashion_mnist/vanilla_resnet8 --to student.onnx
  deno task export -c resnet20.safetensors --to resnet20.onnx --fold --preprocess
  deno task export -c student.pth -m ResNet18 --to student.onnx --batch 1 --float16
  deno task export -c output/fashion_mnist/wkd_l_resnet20_resnet8 --to web page`;

/** Adds the `export` command. */
export function addExport(program: Command, exit: Exit): void {
  addCardOptions(
    program.command("export")
      .description("write a trained model for other programs as ONNX, or for browsers as a page")
      .option("-c, --ckpt <path>", "a run's folder or a checkpoint, also without -c"),
  )
    .option("--to <target...>", "what to write: a file that ends in .onnx, or web and a folder")
    .option("--fold", "ONNX: make batch normalisation part of the convolution before it")
    .option(
      "--batch <n>",
      "ONNX: number of images, or dynamic for any; default dynamic",
      batchSize,
    )
    .option("--float16", "ONNX: weights and computation in float16")
    .option("--preprocess", "ONNX: take pixels, and normalise them in the graph")
    .option("--teacher <path>", "web: who teaches on the second page; default: the run's teacher")
    .option("--overwrite", "replace what is there")
    .addOption(deviceOption())
    .argument("[checkpoint]", "the checkpoint, without -c")
    .addHelpText("after", helpText(EXAMPLES))
    .action(async (word, { ckpt, to = [], ...flags }) => {
      const checkpoints = [ckpt, word].filter((each) => each !== undefined);
      const { exportModel } = await import("../export/export.ts");
      exit(await exportModel(checkpoints, to, flags));
    });
}

function batchSize(text: string): number | "dynamic" {
  const number = Number(text);
  if (text === "dynamic" || (Number.isInteger(number) && number >= 1)) {
    return text === "dynamic" ? text : number;
  }
  throw new InvalidArgumentError("dynamic, or an integer of at least 1");
}
