import { join } from "@std/path";
import type { Config } from "../config/config.ts";
import { fileExists } from "./file_exists.ts";

/** Name of a run: EXPERIMENT.NAME, or EXPERIMENT.TAG with underscores for commas. */
export function runName(config: Config): string {
  const { NAME, TAG } = config.EXPERIMENT;
  return NAME || TAG.split(",").map((tag) => tag.trim()).filter(Boolean).join("_");
}

/** Folder of a run: LOG.PREFIX, EXPERIMENT.PROJECT, name. */
export function runFolder(config: Config): string {
  return join(config.LOG.PREFIX, config.EXPERIMENT.PROJECT, runName(config));
}

/** Where a teacher is looked for when DISTILLER.TEACHER_CHECKPOINT is empty, the last as the authors lay it out. */
export function teacherPlaces(config: Config): string[] {
  const { DISTILLER: { TEACHER }, DATASET: { TYPE } } = config;
  const ours = ["safetensors", "pth"].map((end) => join("checkpoints", TYPE, `${TEACHER}.${end}`));
  const authors = join(
    "download_ckpts",
    "cifar_teachers",
    `${TEACHER}_vanilla`,
    "ckpt_epoch_240.pth",
  );
  return TYPE === "cifar100" ? [...ours, authors] : ours;
}

/** Which published file a missing teacher may be, as a clause; empty where there is none. */
export function publishedTeacher(config: Config): string {
  const { DISTILLER: { TEACHER }, DATASET: { TYPE } } = config;
  const file = TORCHVISION.get(TEACHER);
  return TYPE === "imagenet" && file
    ? `torchvision's IMAGENET1K_V1 file of it (${file}) works too; `
    : "";
}

/** The files of torchvision's first weights, the teachers of the authors; its second weights are other models. */
const TORCHVISION: ReadonlyMap<string, string> = new Map([
  ["ResNet18", "resnet18-f37072fd.pth"],
  ["ResNet34", "resnet34-b627a593.pth"],
  ["ResNet50", "resnet50-0676ba61.pth"],
  ["ResNet101", "resnet101-63fe2227.pth"],
]);

/** File of the teacher: DISTILLER.TEACHER_CHECKPOINT, or the first of {@linkcode teacherPlaces} that is there. */
export function teacherPath(config: Config): string {
  const places = teacherPlaces(config);
  return config.DISTILLER.TEACHER_CHECKPOINT || (places.find(fileExists) ?? places[0]);
}
