/**
 * Distils on all of CIFAR-10, from a teacher that is trained here: the teacher, its cost matrix, then the student alone, with KD,
 * WKD-L, WKD-F and both. Made for a GPU: a run is hundreds of passes over 50,000 images. Finished runs are kept, one that was
 * stopped goes on.
 *
 *     deno run -A bench/cifar10.ts --data FOLDER [--epochs 240] [--teacher-epochs 240] [--batch 64] [--out output/cifar10]
 *         [--teacher resnet32x4] [--student resnet8x4]
 *
 * FOLDER holds `train/<class>/*` and `test/<class>/*`, decoded once into a cache. The settings are those of
 * `configs/cifar100` for resnet32x4 and resnet8x4, with the epochs and what depends on them in proportion. Smaller networks
 * (resnet20, resnet8) let a CPU finish the same chain.
 */
import { join } from "@std/path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    epochs: { type: "string", default: "240" },
    "teacher-epochs": { type: "string", default: "240" },
    batch: { type: "string", default: "64" },
    out: { type: "string", default: "output/cifar10" },
    teacher: { type: "string", default: "resnet32x4" },
    student: { type: "string", default: "resnet8x4" },
    subset: { type: "string", default: "0" },
  },
});

interface Method {
  readonly name: string;
  readonly title: string;
  readonly cfg: string;
  readonly epochs: number;
}

function fail(message: string): never {
  console.error(`error: ${message}`);
  Deno.exit(1);
}

function count(name: "epochs" | "teacher-epochs" | "batch" | "subset"): number {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 0) fail(`--${name} is a number; got ${values[name]}`);
  return number;
}

const data = values.data ?? fail("--data names the folder with train/ and test/");
const epochs = count("epochs");
const teacher: Method = {
  name: values.teacher,
  title: `teacher ${values.teacher}`,
  cfg: "configs/cifar100/vanilla/resnet32x4.yaml",
  epochs: count("teacher-epochs"),
};
const pair = (method: string) => `configs/cifar100/${method}/res32x4_res8x4.yaml`;
const methods: readonly Method[] = [
  {
    name: "alone",
    title: `${values.student} alone`,
    cfg: "configs/cifar100/vanilla/resnet8x4.yaml",
    epochs,
  },
  { name: "kd", title: "KD", cfg: pair("kd"), epochs },
  { name: "wkd_l", title: "WKD-L", cfg: pair("wkd_l"), epochs },
  { name: "wkd_f", title: "WKD-F", cfg: pair("wkd_f"), epochs },
  { name: "wkd_lf", title: "WKD-L + WKD-F", cfg: pair("wkd_lf"), epochs },
];

const teacherFile = join(values.out, "runs", teacher.name, "student_latest");
const costFile = join(values.out, "linear_cka.safetensors");
const dataset = [
  "DATASET.TYPE",
  "image_folder",
  "DATASET.ROOT",
  data,
  "DATASET.TRANSFORM",
  "cifar",
];

function overrides({ name, epochs }: Method): string[] {
  const at = (share: number) => Math.max(1, Math.round(share * epochs));
  // The last epoch is without the Wasserstein losses; in a short run it would be a good part of the whole.
  const decayEpoch = epochs < 12 ? epochs : at(150 / 240);
  return [
    ...dataset,
    ...["DATASET.CACHE", "True", "DATASET.SUBSET", String(count("subset"))],
    ...["SOLVER.EPOCHS", String(epochs), "SOLVER.BATCH_SIZE", String(count("batch"))],
    ...["SOLVER.LR_DECAY_STAGES", `[${[150, 180, 210].map((e) => at(e / 240)).join(", ")}]`],
    ...["SOLVER.NESTEROV", "True", "SOLVER.SEED", "0", "LOG.WANDB", "False"],
    ...["LOG.TENSORBOARD_FREQ", "100", "LOG.PREFIX", values.out],
    ...["EXPERIMENT.PROJECT", "runs", "EXPERIMENT.NAME", name],
    ...["DISTILLER.TEACHER", teacher.name, "DISTILLER.TEACHER_CHECKPOINT", teacherFile],
    ...["DISTILLER.STUDENT", name === teacher.name ? teacher.name : values.student],
    ...["WKD.COST_MATRIX_PATH", costFile, "WKD.LOSS.COSINE_DECAY_EPOCH", String(decayEpoch)],
  ];
}

async function task(args: readonly string[]): Promise<void> {
  console.log(`\n$ deno task ${args.join(" ")}`);
  const { code } = await new Deno.Command("deno", { args: ["task", ...args] }).spawn().status;
  if (code !== 0) fail(`deno task ${args[0]} ended with status ${code}; run this again to go on`);
}

interface EpochLine {
  readonly kind: string;
  readonly epoch: number;
  readonly train: { readonly imagesPerSecond: number; readonly seconds: number };
  readonly test: { readonly top1: number; readonly top5: number };
}

function lastEpoch({ name }: Method): EpochLine | null {
  const path = join(values.out, "runs", name, "metrics.jsonl");
  try {
    const lines = Deno.readTextFileSync(path).trim().split("\n").map((line) => JSON.parse(line));
    return lines.findLast(({ kind }) => kind === "epoch") ?? null;
  } catch {
    return null;
  }
}

async function train(method: Method): Promise<EpochLine> {
  const before = lastEpoch(method);
  if (before?.epoch !== method.epochs) {
    const how = before ? ["--resume"] : ["--overwrite"];
    await task(["train", "--cfg", method.cfg, ...how, ...overrides(method)]);
  }
  return lastEpoch(method) ?? fail(`${method.title} left no figures`);
}

function row({ title }: Method, { epoch, train, test }: EpochLine): string {
  const speed = train.imagesPerSecond.toFixed(0);
  return `| ${title} | ${epoch} | ${test.top1.toFixed(2)} % | ${
    test.top5.toFixed(2)
  } % | ${speed} |`;
}

const rows = [row(teacher, await train(teacher))];
try {
  Deno.statSync(costFile);
} catch {
  const cfg = join(values.out, "runs", teacher.name, "config.yaml");
  const source = ["--cfg", cfg, "--teacher", teacher.name, "--ckpt", teacherFile];
  const samples = String(Math.min(500, count("subset") || 500));
  await task(["cost-matrix", ...source, "--samples", samples, "--out", costFile]);
}
for (const method of methods) rows.push(row(method, await train(method)));
const subset = count("subset") ? `, ${count("subset")} training images a class` : "";
const doctor = new Deno.Command("deno", { args: ["task", "doctor", "--json"] });
const { adapter } = JSON.parse(new TextDecoder().decode((await doctor.output()).stdout));
const table = [
  `CIFAR-10, batch ${values.batch}, seed 0${subset}, on ${adapter?.name}:`,
  "",
  "| run | epochs | top-1 | top-5 | images/s |",
  "| --- | ---: | ---: | ---: | ---: |",
  ...rows,
].join("\n");
Deno.writeTextFileSync(join(values.out, "results.md"), table + "\n");
console.log(`\n${table}\n\nwritten to ${join(values.out, "results.md")}`);
