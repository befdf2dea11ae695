import { join as joinPath } from "node:path";
import { withProgram } from "../../config/program.ts";
import { UserError } from "../../errors.ts";
import { BOTH_SPLITS, type WantedSplits } from "../dataset_config.ts";
import type { DatasetDefinition } from "../definition.ts";
import type { ImageDataset } from "../image_dataset.ts";
import { NORMALISATIONS } from "../images/normalisations.ts";
import type { DatasetFacts } from "../preprocessing.ts";
import { type CifarFiles, findCifar } from "./cifar_files.ts";
import { CIFAR, type CifarKind } from "./cifar_layout.ts";
import { CIFAR_CLASSES } from "./cifar_names.ts";
import {
  CIFAR_IMAGE,
  type CifarRecords,
  parseCifarBinary,
  parseCifarNames,
  parseCifarPython,
} from "./cifar_records.ts";

const SIDE = 32;

function imageFacts(type: "cifar10" | "cifar100") {
  return { channels: 3, height: SIDE, width: SIDE, ...NORMALISATIONS[type] };
}

/** What is known of either data set without its files. */
function facts(type: "cifar10" | "cifar100"): DatasetFacts {
  return { classes: CIFAR_CLASSES[type], preprocessing: { ...imageFacts(type), resize: null } };
}

/** Where the authors' code keeps its data, and where `data download` puts it. */
const DATA_ROOT = "data";

/** Reads a file with a parser whose errors get the file's name. */
async function parsed<T>(
  files: CifarFiles,
  name: string,
  parse: (bytes: Uint8Array) => T,
): Promise<T> {
  const { bytes, path } = await files.read(name);
  try {
    return parse(bytes);
  } catch (error) {
    throw new UserError(`${path} is damaged: ${(error as Error).message}`);
  }
}

function join(parts: readonly CifarRecords[]): CifarRecords {
  if (parts.length === 1) return parts[0];
  const count = parts.reduce((sum, { labels }) => sum + labels.length, 0);
  const images = new Uint8Array(count * CIFAR_IMAGE);
  const labels = new Int32Array(count);
  let at = 0;
  for (const part of parts) {
    images.set(part.images, at * CIFAR_IMAGE);
    labels.set(part.labels, at);
    at += part.labels.length;
  }
  return { images, labels };
}

async function readPart(
  files: CifarFiles,
  kind: CifarKind,
  names: readonly string[],
  classes: number,
): Promise<CifarRecords> {
  const parse = (bytes: Uint8Array) => {
    const records = files.layout.python
      ? parseCifarPython(bytes, kind.labels)
      : parseCifarBinary(bytes, kind.labelBytes);
    const wrong = records.labels.find((label) => label < 0 || label >= classes);
    if (wrong !== undefined) {
      throw new UserError(`it has the label ${wrong}, and there are ${classes} classes`);
    }
    return records;
  };
  const parts: CifarRecords[] = [];
  for (const name of names) parts.push(await parsed(files, name, parse));
  return join(parts);
}

/**
 * CIFAR-10 or CIFAR-100 (Krizhevsky, 2009) with its fine labels: 3 x 32 x 32, as many images as the files have. The
 * published python and binary versions are read, from a folder or from the archive.
 *
 * @param root the folder or archive; empty is `data`
 * @param wanted the splits that are read; the files of the other may be missing
 * @throws {UserError} where the files are not there or damaged
 */
export async function loadCifar<W extends WantedSplits = typeof BOTH_SPLITS>(
  type: "cifar10" | "cifar100",
  root = "",
  wanted: W = BOTH_SPLITS as W,
): Promise<{ train: Part<W["train"]>; test: Part<W["test"]> }> {
  const kind = CIFAR[type];
  const download = withProgram(`deno task data download ${type}`);
  const files = await findCifar(root || DATA_ROOT, kind, { wanted, download });
  const { layout } = files;
  const classes = await parsed(
    files,
    layout.names,
    (bytes) =>
      layout.python
        ? parseCifarNames(bytes, kind.labelNames)
        : new TextDecoder().decode(bytes).split(/\r?\n/).filter((line) => line !== ""),
  );
  const part = async (name: "train" | "test"): Promise<ImageDataset | null> => {
    if (!wanted[name]) return null;
    const { images, labels } = await readPart(files, kind, layout[name], classes.length);
    return {
      name: `${type}/${name}`,
      files: files.origin([layout.names, ...layout[name]]),
      images,
      labels,
      length: labels.length,
      ...imageFacts(type),
      classes,
    };
  };
  return {
    train: await part("train") as Part<W["train"]>,
    test: await part("test") as Part<W["test"]>,
  };
}

/** A split that was wanted, or null. */
type Part<Wanted extends boolean> = Wanted extends true ? ImageDataset : ImageDataset | null;

/** CIFAR-10 and CIFAR-100 in the configuration. */
export const DEFINITIONS: readonly DatasetDefinition[] = [{
  name: "cifar10",
  doc: "CIFAR-10, from the published archive or its folder in DATASET.ROOT, by default data.",
  load: ({ ROOT }, _, wanted) => loadCifar("cifar10", ROOT, wanted),
  archive: CIFAR.cifar10.published,
  facts: () => facts("cifar10"),
}, {
  name: "cifar100",
  doc:
    "CIFAR-100 with its fine labels, from the published archive or its folder in DATASET.ROOT, by default data.",
  load: ({ ROOT }, _, wanted) => loadCifar("cifar100", ROOT, wanted),
  archive: CIFAR.cifar100.published,
  facts: () => facts("cifar100"),
  // As mdistiller lays out its teachers.
  teacherPlaces: (teacher) => {
    const folder = joinPath("download_ckpts", "cifar_teachers", `${teacher}_vanilla`);
    return [joinPath(folder, "ckpt_epoch_240.pth")];
  },
}];
