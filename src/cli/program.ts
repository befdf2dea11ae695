import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { DEVICE_CHOICES } from "../gpu/adapter.ts";
import { METHOD_NAMES } from "./result_methods.ts";

const EXAMPLES: Readonly<Record<string, string>> = {
  train: `
KEY VALUE pairs win over the file. Without --resume or --overwrite a run that is already there is left alone.
Ctrl-C saves the run after the step under way and prints how to go on; Ctrl-C again ends at once.

Examples:
  deno task train --cfg configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml
  deno task train --cfg configs/fashion_mnist/vanilla/resnet8.yaml SOLVER.EPOCHS 2 EXPERIMENT.NAME short
  deno task train --cfg configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml --resume`,
  eval: `
The checkpoint holds a model alone, or a whole run, of which the student is taken. Checkpoints that were made here
know their model, so --model can be left out.

Examples:
  deno task eval -c checkpoints/fashion_mnist/resnet20.safetensors
  deno task eval -m resnet8 -c output/fashion_mnist/vanilla_resnet8/best.safetensors -bs 200`,
  "cost-matrix": `
WKD-L moves probability between classes, and this matrix says what that costs: 1 - CKA of the teacher's pooled last
features of every two classes, over the first training images of each, not augmented.

Examples:
  deno task cost-matrix --cfg configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml
  deno task cost-matrix --teacher resnet20 --ckpt checkpoints/fashion_mnist/resnet20.safetensors`,
  doctor: `
Ends with status 1 when something is wrong that keeps the other commands from working.

Examples:
  deno task doctor
  deno task doctor --device software --json`,
  config: `
Without --cfg and without pairs it describes every key: its meaning, its default and what it may be.

Examples:
  deno run -A mod.ts config
  deno run -A mod.ts config --cfg configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml SOLVER.LR 0.1`,
  quickstart: `
It writes to output/quickstart and starts again each time. It takes seconds on a GPU, and a few minutes on the CPU.

Examples:
  deno task quickstart
  deno task quickstart --alone      measure the student without its teacher, for the table`,
  results: `
Every finished run is recorded at once; run the command again to go on where it stopped. Runs whose configuration,
teacher or cost matrix has changed since are trained again. KEY VALUE pairs change all runs.

Examples:
  deno task results --seeds 3
  deno task results --methods alone,wkd_l --seeds 1`,
};

/**
 * The commands and their options. Nothing but commander is loaded before a command runs.
 *
 * @param exit takes the exit status of the command that ran
 */
export function buildProgram(exit: (status: number) => void): Command {
  const program = new Command("deno task");
  program
    .usage("<command> [options]")
    .description(
      "Trains image classifiers from a teacher with the Wasserstein distance (WKD), on any GPU or on the CPU.",
    )
    .addHelpText(
      "after",
      "\nOf a command:  deno task <command> --help\nTo start with: deno task doctor, then deno task quickstart",
    );
  addTrain(program, exit);
  addEval(program, exit);
  addCostMatrix(program, exit);
  addQuickstart(program, exit);
  addResults(program, exit);
  addDoctor(program, exit);
  addConfig(program, exit);
  for (const command of [program, ...program.commands] as Command[]) {
    command.exitOverride().showSuggestionAfterError().configureOutput(OUTPUT);
    const examples = EXAMPLES[command.name()];
    if (examples) command.addHelpText("after", examples);
  }
  return program;
}

type Exit = (status: number) => void;

/** Commander adds the line break itself, and so does the console. */
const OUTPUT = {
  writeOut: (text: string) => console.log(text.trimEnd()),
  writeErr: (text: string) => console.error(text.trimEnd()),
  // Asking for colours would read the environment, which takes a permission; the help has none.
  getOutHasColors: () => false,
  getErrHasColors: () => false,
  outputError: (text: string, write: (text: string) => void) => {
    write(`${text.trimEnd().replaceAll("\n", " ")}; --help shows what there is`);
  },
};

function deviceOption() {
  return new Option("--device <kind>", "kind of adapter (also WKD_DEVICE)")
    .choices(DEVICE_CHOICES);
}

function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) {
    throw new InvalidArgumentError("An integer of at least 1 is wanted.");
  }
  return number;
}

function addTrain(program: Command, exit: Exit): void {
  program.command("train")
    .description("train a student as a configuration says")
    .requiredOption("--cfg <file>", "configuration (YAML)")
    .option("--resume", "go on with a run that was stopped")
    .option("--overwrite", "start again where a run already is")
    .option("--profile", "at the end, print the time by kernel of one step")
    .addOption(deviceOption())
    .argument("[overrides...]", "KEY VALUE pairs such as SOLVER.LR 0.1")
    .action(async (overrides, flags) => {
      const { train } = await import("./train.ts");
      exit(await train(flags, overrides));
    });
}

function addEval(program: Command, exit: Exit): void {
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
    .action(async (flags) => {
      const { evaluate } = await import("./eval.ts");
      exit(await evaluate(flags));
    });
}

function addCostMatrix(program: Command, exit: Exit): void {
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
    .action(async (flags) => {
      const { costMatrix } = await import("./cost_matrix.ts");
      exit(await costMatrix(flags));
    });
}

function addQuickstart(program: Command, exit: Exit): void {
  program.command("quickstart")
    .description("teach a small student in a few minutes and compare it")
    .option("--alone", "train the student without its teacher and record that for the table")
    .option("--record <file>", "where that is recorded", "results/quickstart.json")
    .addOption(deviceOption())
    .argument("[overrides...]", "KEY VALUE pairs such as DATASET.SUBSET 100")
    .action(async (overrides, flags) => {
      const { quickstart } = await import("./quickstart.ts");
      exit(await quickstart(flags, overrides));
    });
}

function addResults(program: Command, exit: Exit): void {
  program.command("results")
    .description("train with every method and several seeds, and make the table of results")
    .option("--seeds <n>", "runs of each method, with the seeds 0 to n - 1", count, 2)
    .option("--methods <list>", `some of ${METHOD_NAMES.join(",")}; default all`)
    .option("--out <file>", "where runs are recorded", "results/fashion_mnist.json")
    .addOption(deviceOption())
    .argument("[overrides...]", "KEY VALUE pairs for all runs")
    .action(async (overrides, flags) => {
      const { results } = await import("./results.ts");
      exit(await results(flags, overrides));
    });
}

function addDoctor(program: Command, exit: Exit): void {
  program.command("doctor")
    .description("say what the machine computes with, how fast, and what is wrong")
    .option("--json", "as JSON")
    .addOption(deviceOption())
    .action(async (flags) => {
      const { doctor } = await import("./doctor.ts");
      exit(await doctor(flags));
    });
}

function addConfig(program: Command, exit: Exit): void {
  program.command("config")
    .description("describe the configuration keys, or print a configuration in full")
    .option("--cfg <file>", "configuration (YAML)")
    .argument("[overrides...]", "KEY VALUE pairs such as SOLVER.LR 0.1")
    .action(async (overrides, flags) => {
      const { config } = await import("./config.ts");
      exit(config(flags, overrides));
    });
}
