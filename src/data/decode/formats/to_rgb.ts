/** Pillow's conversions to red, green and blue of each pixel. */

/** Of grey, with `channels` numbers a pixel of which the first counts. */
export function greyToRgb(grey: Uint8Array, channels = 1): Uint8Array {
  const rgb = new Uint8Array(grey.length / channels * 3);
  for (let from = 0, to = 0; from < grey.length; from += channels, to += 3) {
    rgb[to] = rgb[to + 1] = rgb[to + 2] = grey[from];
  }
  return rgb;
}

/** Of numbers of colours; what the palette has not is black. */
export function paletteToRgb(numbers: Uint8Array, palette: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(numbers.length * 3);
  for (let from = 0, to = 0; from < numbers.length; from++, to += 3) {
    const color = numbers[from] * 3;
    if (color + 2 >= palette.length) continue;
    rgb[to] = palette[color];
    rgb[to + 1] = palette[color + 1];
    rgb[to + 2] = palette[color + 2];
  }
  return rgb;
}

/** Of cyan, magenta, yellow and black: the first three are taken off what black leaves. Writes over its argument. */
export function cmykToRgb(cmyk: Uint8Array): Uint8Array {
  for (let from = 0, to = 0; from < cmyk.length; from += 4) {
    const light = 255 - cmyk[from + 3];
    for (let channel = 0; channel < 3; channel++) {
      const product = cmyk[from + channel] * light + 128;
      cmyk[to++] = light - ((product + (product >> 8)) >> 8);
    }
  }
  return cmyk.subarray(0, cmyk.length / 4 * 3);
}

/** Of red, green, blue and something that does not count. Writes over its argument. */
export function rgbxToRgb(rgbx: Uint8Array): Uint8Array {
  for (let from = 0, to = 0; from < rgbx.length; from += 4) {
    rgbx[to++] = rgbx[from];
    rgbx[to++] = rgbx[from + 1];
    rgbx[to++] = rgbx[from + 2];
  }
  return rgbx.subarray(0, rgbx.length / 4 * 3);
}

/** Of red, green and blue that are multiplied by the alpha behind them. Writes over its argument. */
export function unmultiplied(rgba: Uint8Array): Uint8Array {
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    const alpha = rgba[from + 3];
    for (let channel = 0; channel < 3; channel++) {
      const value = rgba[from + channel];
      rgba[to++] = alpha === 0 ? 0 : Math.min(255, Math.floor(value * 255 / alpha));
    }
  }
  return rgba.subarray(0, rgba.length / 4 * 3);
}

/** Numbers of any kind as bytes: what is below 0 is 0, what is above 255 is 255, fractions are cut off. */
export function clipped(numbers: ArrayLike<number>, to: Uint8Array): Uint8Array {
  for (let i = 0; i < to.length; i++) {
    const value = numbers[i];
    to[i] = value >= 255 ? 255 : value > 0 ? value : 0;
  }
  return to;
}
