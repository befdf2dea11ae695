import { extname } from "node:path";
import { typedPath } from "../../config/typed_path.ts";
import { UserError } from "../../errors.ts";
import { visible } from "../../formats/visible.ts";
import { type Classifier, openClassifier } from "../../run/models/classifier.ts";
import { type CardFlags, cardOverrides } from "../checkpoints/card_overrides.ts";
import { checkOnnxPlace, exportOnnxFile, type OnnxFlags } from "./export_onnx.ts";
import { exportWebFolder, type WebFlags } from "./export_web.ts";
import { openDevice } from "../device/open_device.ts";
import { note } from "../terminal/notes.ts";

/** Options of the `export` command. */
export interface ExportFlags extends OnnxFlags, WebFlags, CardFlags {
  /** Kind of adapter. */
  readonly device?: string;
}

/** Options of one target alone. */
const OF_ONNX = ["fold", "batch", "float16", "preprocess"] as const;
const OF_WEB = ["teacher"] as const;

/** What `--to` asks for. */
interface Target {
  /** Writes a classifier; says what it wrote, in a line or more. */
  readonly write: (classifier: Classifier) => Promise<string>;
  /** Words behind `--to` that are no part of it. */
  readonly rest: readonly string[];
}

/**
 * Writes a trained model for other programs.
 *
 * @param checkpoints a run's folder or a checkpoint as it was typed, once
 * @param to the words behind `--to`, of which the last may be the checkpoint
 * @returns the exit status
 * @throws UserError where the target or the checkpoint is none, or the model has no such form
 */
export async function exportModel(
  checkpoints: readonly string[],
  to: readonly string[],
  flags: ExportFlags,
): Promise<number> {
  const { write, rest } = target(to, flags);
  const [ckpt, ...others] = [...checkpoints, ...rest];
  if (ckpt === undefined || others.length > 0) {
    throw new UserError(
      `export wants one run's folder or checkpoint, as in -c output/my_run; got ${
        ckpt === undefined ? "none" : [ckpt, ...others].join(" and ")
      }`,
    );
  }
  const overrides = cardOverrides(flags);
  await openDevice(flags.device);
  const classifier = openClassifier(typedPath(ckpt), overrides, note);
  try {
    for (const line of (await write(classifier)).split("\n")) console.log(visible(line));
  } finally {
    classifier.model.dispose();
  }
  return 0;
}

function target(to: readonly string[], flags: ExportFlags): Target {
  const [word, ...rest] = to;
  if (word === undefined) {
    throw new UserError("export wants to know what to write: --to FILE.onnx, or --to web DIR");
  }
  if (word === "web") return webTarget(rest, flags);
  if (extname(word).toLowerCase() === ".onnx") {
    refuse(flags, OF_WEB, word);
    const path = typedPath(word);
    checkOnnxPlace(path, flags);
    return { write: (classifier) => exportOnnxFile(classifier, path, flags), rest };
  }
  throw new UserError(
    `--to ${word} is nothing that can be written here; use a name that ends in .onnx, or web and a folder`,
  );
}

function webTarget([folder, ...rest]: readonly string[], flags: ExportFlags): Target {
  if (folder === undefined) throw new UserError("--to web wants a folder behind it: --to web DIR");
  refuse(flags, OF_ONNX, "web");
  const path = typedPath(folder);
  return { write: (classifier) => exportWebFolder(classifier, path, flags), rest };
}

function refuse(flags: ExportFlags, others: readonly (keyof ExportFlags)[], target: string): void {
  const given = others.find((name) => flags[name] !== undefined);
  if (given === undefined) return;
  throw new UserError(`--${given} says nothing about --to ${target}; leave it out`);
}
