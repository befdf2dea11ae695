import { UserError } from "../../errors.ts";
/** An image file that is refused; the message says why in a few words. */
export class ImageError extends UserError {
  /** Always `ImageError`. */
  override readonly name = "ImageError";
}

/** The error of a file that ends before its pixels do. */
export function cutShort(): ImageError {
  return new ImageError("the file is cut short");
}
