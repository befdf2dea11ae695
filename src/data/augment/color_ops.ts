import { blend, blendTable } from "./blend.ts";
import type { Canvas } from "./canvas.ts";

const { fround } = Math;

/** Grey of a pixel, as ITU-R 601 weighs the colours. Source: Pillow's `rgb2l`. */
function grey(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

/** Sum of the greys of all pixels. */
export function greySum({ data, channels, plane }: Canvas): number {
  let sum = 0;
  if (channels === 1) {
    for (let i = 0; i < plane; i++) sum += data[i];
  } else {
    for (let i = 0; i < plane; i++) sum += grey(data[i], data[i + plane], data[i + 2 * plane]);
  }
  return sum;
}

/** Blends with the grey image; a grey image stays as it is. Source: Pillow's `ImageEnhance.Color`. */
export function saturation({ data, channels, plane }: Canvas, factor: number): void {
  if (channels === 1) return;
  const by = blendTable(factor);
  for (let i = 0, j = plane, k = 2 * plane; i < plane; i++, j++, k++) {
    const red = data[i];
    const green = data[j];
    const blue = data[k];
    const from = grey(red, green, blue);
    const at = 255 - from;
    data[i] = blend(from, by[at + red]);
    data[j] = blend(from, by[at + green]);
    data[k] = blend(from, by[at + blue]);
  }
}

/** Hue of a pixel that is not grey, 0 to 255. Source: Pillow's `rgb2hsv_row`. */
function hueOf(red: number, green: number, blue: number, most: number, range: number): number {
  let sixths: number;
  if (red === most) sixths = fround(fround((most - blue) / range) - fround((most - green) / range));
  else if (green === most) {
    sixths = fround(2 + fround((most - red) / range) - fround((most - blue) / range));
  } else sixths = fround(4 + fround((most - green) / range) - fround((most - red) / range));
  const turns = sixths / 6 + 1;
  return (fround(turns < 1 ? turns : turns - 1) * 255) | 0;
}

/** Turns hues by a part of the whole circle, -0.5 to 0.5; a grey image stays as it is. Source: torchvision's `adjust_hue`. */
export function hue({ data, channels, plane }: Canvas, turn: number): void {
  if (channels === 1) return;
  const shift = Math.trunc(turn * 255);
  for (let i = 0, j = plane, k = 2 * plane; i < plane; i++, j++, k++) {
    const red = data[i];
    const green = data[j];
    const blue = data[k];
    const most = red > green ? (red > blue ? red : blue) : green > blue ? green : blue;
    const least = red < green ? (red < blue ? red : blue) : green < blue ? green : blue;
    const range = most - least;
    if (range === 0) continue;
    const saturation = (fround(range / most) * 255) | 0;
    if (saturation === 0) {
      data[i] = data[j] = data[k] = most;
      continue;
    }
    const turned = (hueOf(red, green, blue, most, range) + shift) & 255;
    const sixth = (turned * 6 / 255) | 0;
    const rest = fround(turned * 6 / 255 - sixth);
    const part = fround(saturation / 255);
    const p = (most * (1 - part) + 0.5) | 0;
    // Of two neighbouring sixths, the colour between falls in one and rises in the other.
    const between = sixth & 1 ? 1 - fround(part * rest) : 1 - part * (1 - rest);
    const q = (most * between + 0.5) | 0;
    switch (sixth % 6) {
      case 0:
        data[i] = most, data[j] = q, data[k] = p;
        break;
      case 1:
        data[i] = q, data[j] = most, data[k] = p;
        break;
      case 2:
        data[i] = p, data[j] = most, data[k] = q;
        break;
      case 3:
        data[i] = p, data[j] = q, data[k] = most;
        break;
      case 4:
        data[i] = q, data[j] = p, data[k] = most;
        break;
      default:
        data[i] = most, data[j] = p, data[k] = q;
    }
  }
}
