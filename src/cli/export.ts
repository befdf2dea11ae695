import { extname } from "node:path";
import { typedPath } from "../config/typed_path.ts";
import { UserError } from "../errors.ts";
import { visible } from "../formats/visible.ts";
import { type Classifier, openClassifier } from "../run/classifier.ts";
import { exportOnnxFile, type OnnxFlags } from "./export_onnx.ts";
import { openDevice } from "./open_device.ts";

/** Options of the `export` command. */
export interface ExportFlags extends OnnxFlags {
  /** Architecture; default: what the checkpoint says. */
  readonly model?: string;
  /** Kind of adapter. */
  readonly device?: string;
}

/** What `--to` asks for. */
interface Target {
  /** Writes a classifier; says what it wrote. */
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
  await openDevice(flags.device);
  const tell = (note: string) => console.error(visible(note));
  const classifier = openClassifier(typedPath(ckpt), { model: flags.model }, tell);
  try {
    console.log(visible(await write(classifier)));
  } finally {
    classifier.model.dispose();
  }
  return 0;
}

function target(to: readonly string[], flags: ExportFlags): Target {
  const [word, ...rest] = to;
  if (word === undefined) {
    throw new UserError("export wants to know what to write: --to FILE.onnx");
  }
  if (extname(word).toLowerCase() === ".onnx") {
    const path = typedPath(word);
    return { write: (classifier) => exportOnnxFile(classifier, path, flags), rest };
  }
  throw new UserError(
    `--to ${word} is nothing that can be written here; use a name that ends in .onnx`,
  );
}
