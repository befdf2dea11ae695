import type { Tensor } from "../../tensor/core.ts";
import { formatShape, type Shape } from "../../tensor/shape.ts";

/** Parameters and buffers of batch normalisation, each [C] but the counter. */
export interface BatchNormTensors {
  /** Factor after the normalisation. */
  readonly weight: Tensor;
  /** Added after it. */
  readonly bias: Tensor;
  /** Running mean; moved in place when training. */
  readonly runningMean: Tensor;
  /** Running variance, unbiased; moved in place when training. */
  readonly runningVar: Tensor;
  /** int32, a number; one more after each batch when training. Not counted where missing. */
  readonly batches?: Tensor;
}

/** How the kernels of batch normalisation divide a tensor [N, C, ...]. */
export interface NormLayout {
  readonly images: number;
  readonly channels: number;
  /** Elements of one channel of one image. */
  readonly plane: number;
  /** Elements a vector: 4 where the plane allows. */
  readonly vector: 1 | 4;
  /** Vectors a thread handles; divides the vectors of a plane. */
  readonly run: number;
  readonly runsPerPlane: number;
  readonly threads: number;
  /** Parts the sums over images are split into. */
  readonly splits: number;
}

const LONGEST_RUN = 8;
const SUM_THREADS = 1024;

/**
 * Divides a tensor [N, C, ...].
 *
 * @throws RangeError for fewer than two dimensions.
 */
export function normLayout(shape: Shape): NormLayout {
  if (shape.length < 2) {
    throw new RangeError(`batch normalisation wants [N, C, ...], not ${formatShape(shape)}`);
  }
  const [images, channels, ...rest] = shape;
  const plane = rest.reduce((product, size) => product * size, 1);
  const vector = plane % 4 === 0 ? 4 : 1;
  const vectors = plane / vector;
  let run = Math.min(LONGEST_RUN, vectors);
  while (vectors % run !== 0) run--;
  const runsPerPlane = vectors / run;
  return {
    images,
    channels,
    plane,
    vector,
    run,
    runsPerPlane,
    threads: images * channels * runsPerPlane,
    splits: Math.min(images, Math.ceil(SUM_THREADS / channels)),
  };
}
