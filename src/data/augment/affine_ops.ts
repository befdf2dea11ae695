import type { Canvas } from "./canvas.ts";

/** Where in the image a pixel (x, y) of the result comes from: (a x + b y + c, d x + e y + f). */
type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** A number in units of 2^-16. */
function fixed(value: number): number {
  return Math.floor(value * 65536 + 0.5);
}

/**
 * Takes every pixel from where the matrix says, the nearest one, black where there is none. Coordinates are below
 * 32768. Source: Pillow's `affine_fixed`.
 */
function transform(canvas: Canvas, [a, b, c, d, e, f]: Matrix): void {
  const { data, spare, channels, plane, height, width } = canvas;
  const [right, down] = [fixed(a), fixed(d)];
  const [nextX, nextY] = [fixed(b), fixed(e)];
  let rowX = fixed(c + a * 0.5 + b * 0.5);
  let rowY = fixed(f + d * 0.5 + e * 0.5);
  const isColor = channels === 3;
  for (let row = 0, to = 0; row < height; row++) {
    let x = rowX;
    let y = rowY;
    for (const end = to + width; to < end; to++) {
      const column = x >> 16;
      const line = y >> 16;
      const isInside = column >= 0 && column < width && line >= 0 && line < height;
      const from = line * width + column;
      spare[to] = isInside ? data[from] : 0;
      if (isColor) {
        spare[to + plane] = isInside ? data[from + plane] : 0;
        spare[to + 2 * plane] = isInside ? data[from + 2 * plane] : 0;
      }
      x += right;
      y += down;
    }
    rowX += nextX;
    rowY += nextY;
  }
  canvas.swap();
}

/** Python's `math.degrees` and back, whose rounding torchvision's angle goes through. */
function throughDegrees(angle: number): number {
  return angle * (180 / Math.PI) * (Math.PI / 180);
}

/** Moves each row by `amount` of its number, to the left where that is positive. Source: torchvision's `ShearX`. */
export function shearX(canvas: Canvas, amount: number): void {
  if (amount === 0) return;
  transform(canvas, [1, Math.tan(throughDegrees(Math.atan(amount))), 0, 0, 1, 0]);
}

/** Moves each column by `amount` of its number, up where that is positive. Source: torchvision's `ShearY`. */
export function shearY(canvas: Canvas, amount: number): void {
  if (amount === 0) return;
  const angle = throughDegrees(Math.atan(amount));
  transform(canvas, [1, 0, 0, Math.sin(angle) / Math.cos(angle), 1, 0]);
}

/** Moves the image by whole pixels to the right, of a fraction the whole part. Source: torchvision's `TranslateX`. */
export function translateX(canvas: Canvas, pixels: number): void {
  const by = Math.trunc(pixels);
  if (by !== 0) transform(canvas, [1, 0, -by, 0, 1, 0]);
}

/** Moves the image by whole pixels down, of a fraction the whole part. Source: torchvision's `TranslateY`. */
export function translateY(canvas: Canvas, pixels: number): void {
  const by = Math.trunc(pixels);
  if (by !== 0) transform(canvas, [1, 0, 0, 0, 1, -by]);
}

/** Python's `round(value, 15)`. */
function rounded(value: number): number {
  return Number(value.toFixed(15));
}

/** Turns the image around its centre, counter-clockwise, by less than 90 degrees. Source: Pillow's `Image.rotate`. */
export function rotate(canvas: Canvas, degrees: number): void {
  if (degrees === 0) return;
  const angle = -(((degrees % 360) + 360) % 360) * (Math.PI / 180);
  const cos = rounded(Math.cos(angle));
  const sin = rounded(Math.sin(angle));
  const x = canvas.width / 2;
  const y = canvas.height / 2;
  transform(canvas, [cos, sin, cos * -x + sin * -y + x, -sin, cos, -sin * -x + cos * -y + y]);
}
