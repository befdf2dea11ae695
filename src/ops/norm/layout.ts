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
  /** Elements a vector: 4 where the plane allows; 2 where {@linkcode inPairs} takes channels two by two. */
  readonly vector: 1 | 2 | 4;
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
  const splits = Math.min(images, Math.ceil(SUM_THREADS / channels));
  return { images, channels, plane, vector, splits, ...runsOf(plane / vector, images * channels) };
}

/**
 * The layout for the kernels that take the planes of two neighbouring channels as one, whose `channels` are half as many: where x
 * is loaded as 64-bit integers and planes do not begin at whole ones.
 */
export function inPairs(layout: NormLayout, { gpu, dtype }: Tensor): NormLayout {
  const { images, plane, vector, channels } = layout;
  if (!gpu.int64 || dtype !== "float32" || vector > 1 || channels % 2 > 0) return layout;
  const pairs = channels / 2;
  return { ...layout, channels: pairs, vector: 2, ...runsOf(plane, images * pairs) };
}

function runsOf(vectors: number, planes: number) {
  let run = Math.min(LONGEST_RUN, vectors);
  while (vectors % run !== 0) run--;
  const runsPerPlane = vectors / run;
  return { run, runsPerPlane, threads: planes * runsPerPlane };
}
