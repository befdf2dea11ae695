import { format } from "@std/fmt/bytes";
import manifest from "../../deno.json" with { type: "json" };
import { UserError } from "../errors.ts";
import { exportOnnx } from "../export/export_onnx.ts";
import { writeFileAtomic } from "../formats/atomic_write.ts";
import { isThere } from "../formats/paths.ts";
import type { Classifier } from "../run/classifier.ts";
import type { ClassifierCard } from "../run/classifier_card.ts";

/** Options of an ONNX file. */
export interface OnnxFlags {
  /** Batch normalisation becomes part of the convolutions. */
  readonly fold?: boolean;
  /** Number of images; default `dynamic`. */
  readonly batch?: number | "dynamic";
  /** Weights and computation in float16. */
  readonly float16?: boolean;
  /** The graph takes pixels. */
  readonly preprocess?: boolean;
  /** Replace the file if it is there. */
  readonly overwrite?: boolean;
}

/** @throws UserError where something lies in the file's place that may not be replaced */
export function checkOnnxPlace(to: string, { overwrite }: OnnxFlags): void {
  if (overwrite || !isThere(to)) return;
  throw new UserError(`${to} is already there; replace it with --overwrite`);
}

/**
 * Writes a classifier as an ONNX file.
 *
 * @returns what was written, in a line
 * @throws UserError where something that is needed is not known, or the model has no ONNX form
 */
export async function exportOnnxFile(
  { model, card, path }: Classifier,
  to: string,
  { preprocess, ...options }: OnnxFlags,
): Promise<string> {
  const { preprocessing } = card;
  if (!preprocessing) {
    throw new UserError(
      `${path} does not say how images are prepared for ${card.model}, which ONNX has to know; say it with -d, or --cfg, ` +
        "or --size, --mean and --std",
    );
  }
  const { channels, height, width } = preprocessing;
  const input = preprocess
    ? "pixels: uint8 [N, H, W, C], normalised by the graph"
    : "images: float32 [N, C, H, W], (pixel / 255 - mean) / std";
  const bytes = await exportOnnx(model, {
    ...{ batch: options.batch, fold: options.fold, float16: options.float16 },
    imageShape: [channels, height, width],
    normalize: preprocess ? preprocessing : undefined,
    name: card.model,
    metadata: { ...metadataOf(card), input },
    producer: { name: "wkd-for-deno", version: manifest.version },
  }).catch((error) => {
    // What an op says of shapes that do not fit.
    if (!(error instanceof RangeError)) throw error;
    throw new UserError(
      `${card.model} takes no images of ${channels} x ${height} x ${width}: ${error.message}`,
      { cause: error },
    );
  });
  writeFileAtomic(to, bytes);
  const images = options.batch === undefined || options.batch === "dynamic" ? "N" : options.batch;
  const given = preprocess
    ? `pixels uint8 [${images}, ${height}, ${width}, ${channels}]`
    : `images float32 [${images}, ${channels}, ${height}, ${width}]`;
  return `${to}: ${card.model}, ${given} -> logits [${images}, ${card.numClasses}], ` +
    `${format(bytes.length)}`;
}

/** What the file says of its model, as checkpoints do. */
function metadataOf({ model, classes, preprocessing }: ClassifierCard): Record<string, string> {
  return {
    model,
    ...(classes && { classes: JSON.stringify(classes) }),
    ...(preprocessing && { preprocessing: JSON.stringify(preprocessing) }),
  };
}
