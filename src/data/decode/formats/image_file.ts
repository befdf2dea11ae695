import { UserError } from "../../../errors.ts";
import type { Pixels } from "../pixels.ts";

/** An image file whose header was read. */
export interface ImageFile {
  /** What kind of file it is, such as `PNG`. */
  readonly kind: string;
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Whether it is grey of more than 8 bits, of which Pillow shows everything above 255 as white. */
  readonly isDeepGrey: boolean;
  /**
   * Decodes the pixels.
   *
   * @throws ImageError where they are damaged or cut short
   */
  readonly decode: () => Pixels | Promise<Pixels>;
}

/** Most pixels of an image: those at which Pillow takes a file for a decompression bomb. */
export const MOST_PIXELS = 178_956_970;

/** Refuses images of no pixels, and of more than Pillow reads. */
export function checkSize(width: number, height: number): void {
  if (!(width >= 1 && height >= 1)) {
    throw new ImageError(`it says that it has ${width} x ${height} pixels`);
  }
  if (width * height > MOST_PIXELS) {
    throw new ImageError(
      `its ${width} x ${height} pixels are more than the ${
        MOST_PIXELS.toLocaleString("en-US")
      } that are read; make it smaller`,
    );
  }
}

/** An image file that is refused; the message says why in a few words. */
export class ImageError extends UserError {
  /** Always `ImageError`. */
  override readonly name = "ImageError";
}

/** The error of a file that ends before its pixels do. */
export function cutShort(): ImageError {
  return new ImageError("the file is cut short");
}
