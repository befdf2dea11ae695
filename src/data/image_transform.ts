/** What becomes of a decoded image. */
export interface ImageTransform {
  /** Rows and columns of the result, in pixels. */
  readonly size: number;
  /** Shorter side that an image is scaled to before its centre is cut out, in pixels. */
  readonly resize: number;
  /** Largest shorter side of training images in a packed cache, in pixels. */
  readonly cacheSide: number;
  /** Mean of each channel, in units of 255. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel, in units of 255. */
  readonly std: readonly number[];
}
