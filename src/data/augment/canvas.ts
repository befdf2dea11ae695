/** An image of bytes that operations change, with room for a second one that they may write to. */
export class Canvas {
  /** Bytes in a plane. */
  readonly plane: number;
  /** Pixels 0 to 255, [channels, height, width] in row-major order. */
  data: Uint8Array;
  /** As many bytes, of no meaning. */
  spare: Uint8Array;

  /**
   * Black.
   *
   * @param channels 3 for red, green and blue, as Pillow's mode RGB, or 1 for grey, as its mode L
   * @param height rows
   * @param width columns
   */
  constructor(readonly channels: number, readonly height: number, readonly width: number) {
    this.plane = height * width;
    this.data = new Uint8Array(channels * this.plane);
    this.spare = new Uint8Array(channels * this.plane);
  }

  /** Makes the spare bytes the image. */
  swap(): void {
    [this.data, this.spare] = [this.spare, this.data];
  }
}
