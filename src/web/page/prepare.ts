import * as wkd from "./wkd.ts";

/** A picture that is ready for a model. */
export interface Prepared {
  /** The part that the model sees, in its size, and in grey where it wants that. */
  readonly seen: wkd.Pixels;
  /** The same as normalised numbers, [channels, height, width]. */
  readonly image: Float32Array;
}

/** Cuts, scales and normalises a picture as the evaluation does, to the same numbers. */
export function prepare(picture: wkd.Pixels, preprocessing: wkd.Preprocessing): Prepared {
  const { channels, height, width } = preprocessing;
  const transform = wkd.transformOf(preprocessing);
  const seen = wkd.evalPixels(picture, transform, new wkd.Resampler());
  const image = new Float32Array(channels * height * width);
  new wkd.PlaneWriter(transform).write(seen, false, image, 0);
  return { seen, image };
}
