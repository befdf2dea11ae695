import type { FolderCard, ModelCard } from "../folder_card.ts";
import * as wkd from "./wkd.ts";

/** Pictures that go through a model at once. */
const BATCH = 16;

/**
 * A model of a page's folder in evaluation mode.
 *
 * @param file the bytes of `card.file`
 * @throws {Error} naming the file where it is damaged, or not the model that the card says
 */
export function openModel(folder: FolderCard, card: ModelCard, file: Uint8Array): wkd.Model {
  const { classes, preprocessing } = folder;
  const options = { inChannels: preprocessing.channels, family: card.family };
  const model = wkd.skipInit(() =>
    wkd.createModel(card.model, { numClasses: classes.length, ...options })
  );
  try {
    model.loadStateDict(wkd.stateEntries(wkd.readSafetensors(file).tensors));
  } catch (error) {
    model.dispose();
    throw new Error(`${card.file} is damaged: ${(error as Error).message}`, { cause: error });
  }
  return wkd.renormalise(model.eval(), preprocessing, card.normalisation ?? preprocessing);
}

/**
 * A model's logits for pictures.
 *
 * @param images prepared pictures, [N, channels, height, width]
 * @returns [N, classes], row-major
 */
export async function logitsOf(
  model: wkd.Model,
  images: Float32Array,
  { channels, height, width }: wkd.Preprocessing,
): Promise<Float32Array> {
  const size = channels * height * width;
  const parts: Float32Array[] = [];
  for (let first = 0; first < images.length; first += BATCH * size) {
    const some = images.subarray(first, first + BATCH * size);
    const logits = wkd.scope(() => {
      const batch = wkd.tensor(some, [some.length / size, channels, height, width]);
      return wkd.noGrad(() => model.forward(batch).logits);
    });
    parts.push(await logits.data() as Float32Array);
    logits.dispose();
  }
  return joined(parts);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0];
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Place of the largest number. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** Probabilities of logits. */
export function softmax(logits: Float32Array): Float64Array {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
