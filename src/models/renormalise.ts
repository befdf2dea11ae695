import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Model } from "./model.ts";

/** What images are normalised by: `(byte / 255 - mean) / std`. */
export interface Normalisation {
  /** Mean of each channel, in units of 255. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel, in units of 255. */
  readonly std: readonly number[];
}

/** Whether two normalisations are the same. */
export function sameNormalisation(a: Normalisation, b: Normalisation): boolean {
  const same = (x: readonly number[], y: readonly number[]) =>
    x.length === y.length && x.every((value, i) => value === y[i]);
  return same(a.mean, b.mean) && same(a.std, b.std);
}

/**
 * Lets a model that was trained on images of one normalisation take those of another: before its `forward()` every channel
 * becomes what `own` would have made of the pixels, on the device. The model's tensors stay as they are; `dispose()` frees
 * what this adds.
 *
 * @param given what the images that come are normalised by
 * @param own what the model was trained with, for as many channels
 * @returns the model
 */
export function renormalise<M extends Model>(
  model: M,
  given: Normalisation,
  own: Normalisation,
): M {
  if (sameNormalisation(given, own)) return model;
  const perChannel = (value: (channel: number) => number): Tensor => {
    const values = Float32Array.from(own.mean, (_, channel) => value(channel));
    return tensor(values, [1, values.length, 1, 1], { device: model.classifier.weight.gpu }).keep();
  };
  const scale = perChannel((c) => given.std[c] / own.std[c]);
  const shift = perChannel((c) => (given.mean[c] - own.mean[c]) / own.std[c]);
  const forward = model.forward.bind(model);
  const dispose = model.dispose.bind(model);
  const replace = (name: "forward" | "dispose", value: unknown) =>
    Object.defineProperty(model, name, { value, configurable: true, writable: true });
  replace("forward", (images: Tensor) => forward(images.mul(scale).add(shift)));
  replace("dispose", () => {
    scale.dispose();
    shift.dispose();
    dispose();
  });
  return model;
}
