import type { Box } from "../decode/pixels.ts";
import type { KeyedRandom } from "../random.ts";

const TRIES = 10;
const SCALE = [0.08, 1] as const;
const RATIO = [3 / 4, 4 / 3] as const;

/** Python's `round`: halves go to the even neighbour. */
export function round(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** The part of an image around its centre. */
function centered(width: number, height: number, box: { width: number; height: number }): Box {
  return {
    left: Math.floor((width - box.width) / 2),
    top: Math.floor((height - box.height) / 2),
    ...box,
  };
}

/**
 * A random part of an image: 8 % to 100 % of its area, 3:4 to 4:3 in shape; after ten tries that do not fit, the
 * largest part of such a shape around its centre. Source: torchvision's `RandomResizedCrop.get_params`.
 */
export function randomResizedCrop(random: KeyedRandom, width: number, height: number): Box {
  const logRatio = [Math.log(RATIO[0]), Math.log(RATIO[1])] as const;
  for (let i = 0; i < TRIES; i++) {
    const area = width * height * random.uniform(...SCALE);
    const ratio = Math.exp(random.uniform(...logRatio));
    const w = round(Math.sqrt(area * ratio));
    const h = round(Math.sqrt(area / ratio));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const top = random.below(height - h + 1);
    const left = random.below(width - w + 1);
    return { left, top, width: w, height: h };
  }
  const shape = width / height;
  if (shape < RATIO[0]) return centered(width, height, { width, height: round(width / RATIO[0]) });
  if (shape > RATIO[1]) return centered(width, height, { width: round(height * RATIO[1]), height });
  return { left: 0, top: 0, width, height };
}

/** Columns and rows of an image whose shorter side becomes `side`, as torchvision's `Resize` rounds them. */
export function shorterSide(
  width: number,
  height: number,
  side: number,
): { width: number; height: number } {
  return width <= height
    ? { width: side, height: Math.trunc(side * height / width) }
    : { width: Math.trunc(side * width / height), height: side };
}

/** The part around the centre, a square unless `columns` says otherwise, as torchvision's `CenterCrop` places it; the image is at least as large. */
export function centerCrop(width: number, height: number, size: number, columns = size): Box {
  const left = round((width - columns) / 2);
  const top = round((height - size) / 2);
  return { left, top, width: columns, height: size };
}
